"""A fake of DynamoDB that does what the ledger asks for, as DynamoDB does it.

tests/contract/dynamodb_fake compares it with DynamoDB Local. A call, a parameter, an expression or
a type that the ledger does not use raises NotFaked. Where DynamoDB Local differs from AWS, the fake
follows AWS: an update with an index key of the wrong type is rejected, and an impossible update
cancels its transaction with ValidationError.

Known differences from AWS: calls never overlap, so there is no TransactionConflict. Nothing is
throttled or expires. Reads are never stale. BETWEEN with its bounds exchanged finds nothing. Items
with equal index keys come in the order of their table keys.
"""

from tests.fakes.dynamodb.client import FakeDynamoDB, Snapshot

__all__ = ["FakeDynamoDB", "Snapshot"]
