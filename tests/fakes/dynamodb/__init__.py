"""A fake of DynamoDB, proved against DynamoDB Local by tests/contract/test_dynamodb_fake_*.py.

It has no Scan, no local indexes, no PartiQL and none of the parameters from before expressions.
Where DynamoDB Local is not AWS, it does as AWS: numbers lose their spelling (1.50 is 1.5), an
index key of the wrong type is refused in an update too, and an update that cannot be done to its
item cancels a transaction with ValidationError.

Known differences from AWS: calls never overlap, so no TransactionConflict; nothing is throttled
or expires (TTL and the ten minutes of a ClientRequestToken included); a call without a
ClientRequestToken has none, where boto3 makes one up; UPDATED_OLD and UPDATED_NEW answer whole
attributes, also for a path inside one; items that tie in an index come in the order of their keys.
"""

from tests.fakes.dynamodb.client import FakeDynamoDB, Snapshot

__all__ = ["FakeDynamoDB", "Snapshot"]
