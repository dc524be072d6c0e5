"""Releases and plans as text or JSON."""
