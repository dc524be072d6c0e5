"""Opens a release: reads, checks and claims its manifest."""
