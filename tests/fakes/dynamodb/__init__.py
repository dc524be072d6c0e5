"""A fake of DynamoDB, proved against DynamoDB Local by tests/contract/test_dynamodb_fake.py."""

from tests.fakes.dynamodb.client import FakeDynamoDB, Snapshot

__all__ = ["FakeDynamoDB", "Snapshot"]
