"""The three DynamoDB tables: their items, the reads, and each conditional write."""
