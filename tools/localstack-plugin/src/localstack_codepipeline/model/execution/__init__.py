"""What happens to executions: start, run, stop, retry, and the events of it."""
