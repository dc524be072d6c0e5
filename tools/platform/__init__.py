"""Brings the embedded platform up and down, and says where it is."""
