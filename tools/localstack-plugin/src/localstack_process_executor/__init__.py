"""Runs Lambda functions as processes: AWS's own runtime interface client, forked from a warm parent."""
