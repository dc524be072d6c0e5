"""Actions on releases: submit, cancel, retry, roll back."""
