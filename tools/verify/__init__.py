"""Runs a part of the end-to-end tests against a copy of its own, on the platform or on AWS."""
