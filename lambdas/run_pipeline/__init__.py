"""Runs one pipeline of a release, which the workflow awaits with a task token."""
