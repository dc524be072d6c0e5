"""Decides what is due next for a release: pure functions of what is on record."""
