"""Executions: how they start, run, stop and are retried, and the events they emit."""
