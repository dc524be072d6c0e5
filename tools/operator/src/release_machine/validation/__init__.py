"""Manifest files checked locally, with line and column."""
