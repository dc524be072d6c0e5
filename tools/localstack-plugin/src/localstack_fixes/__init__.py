"""Repairs of LocalStack 4.14 where it differs from AWS in what matters here: one module each."""
