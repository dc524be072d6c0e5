"""Counts the answers of people to the approvals of releases."""
