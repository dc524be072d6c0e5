"""What the command does to releases: submit, cancel, retry, roll back."""
