"""Records which permissions the calls of IAM roles need."""
