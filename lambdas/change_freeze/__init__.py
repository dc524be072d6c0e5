"""Freezes pipelines, lifts freezes, and lets single releases override them."""
