"""Starts and stops the embedded platform, and tells how to reach it."""
