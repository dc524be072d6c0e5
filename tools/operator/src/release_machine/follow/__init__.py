"""Follows a release: look, compare with the last look, repeat."""
