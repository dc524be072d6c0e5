"""Where LocalStack 4.14 differs from AWS, or from this machine, in a way that matters here: one module per repair."""
