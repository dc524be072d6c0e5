"""The three DynamoDB tables: their items, and each write with its condition."""
