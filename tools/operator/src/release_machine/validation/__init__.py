"""Checks manifest files locally, with line and column."""
