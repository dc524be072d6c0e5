"""Runs one pipeline of a release and waits for it by task token."""
