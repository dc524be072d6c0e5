"""The drawings of the report: the timeline, and the graph of what depends on what."""
