"""The charts of the report: the timeline, and the graph of dependencies."""
