"""Writes the JSON Schemas of the release machine's events, from one table of their fields."""
