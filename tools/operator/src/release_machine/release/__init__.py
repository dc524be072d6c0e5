"""What is shown of a release beside the ledger: activity, estimates, waits, spans of time."""
