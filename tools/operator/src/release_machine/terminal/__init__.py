"""Shared by the commands: arguments, output, following, completion."""
