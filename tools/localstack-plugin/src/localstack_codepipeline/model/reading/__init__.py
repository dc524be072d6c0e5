"""The read operations: queries, their pages, and the shapes of their answers."""
