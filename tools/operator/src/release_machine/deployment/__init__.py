"""The chosen deployment, and the access to AWS."""
