"""Tells people what happens to releases: one SNS message per event that is worth one."""
