"""A fake of DynamoDB, compared with DynamoDB Local by tests/contract/dynamodb_fake.

It has no Scan, no local indexes, no PartiQL and no legacy parameters. Where DynamoDB Local differs
from AWS, the fake follows AWS: numbers lose their spelling (1.50 becomes 1.5), an update with an
index key of the wrong type is rejected, and an impossible update cancels its transaction with
ValidationError.

Known differences from AWS: calls never overlap, so there is no TransactionConflict. Nothing is
throttled or expires, including TTL and the ten minutes of a ClientRequestToken. A call without a
ClientRequestToken has none, while boto3 adds one. UPDATED_OLD and UPDATED_NEW return whole
attributes, also for a path inside one. Items with equal index keys come in the order of their table
keys.
"""

from tests.fakes.dynamodb.client import FakeDynamoDB, Snapshot

__all__ = ["FakeDynamoDB", "Snapshot"]
