"""The release as the command reads it, and what follows from it."""
