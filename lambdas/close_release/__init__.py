"""Closes a release at its end, or after its workflow execution was stopped."""
