"""Manifests and requests, as users submit them, and every check of them."""
