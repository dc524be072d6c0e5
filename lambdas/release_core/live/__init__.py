"""What is live in pipelines, since when and by whom."""
