"""Applies the project's Terraform to the embedded platform or to AWS."""
