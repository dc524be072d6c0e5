"""Closes a release, whether it ended by itself or was stopped."""
