"""What users submit, and every check of it."""
