"""The drawings of the report: timeline, graph and durations."""
