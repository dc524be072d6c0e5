"""SSM's Change Calendar for LocalStack: the state of calendars, and the events of its changes."""
