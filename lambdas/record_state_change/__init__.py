"""Records what CodePipeline says happened, and settles what has ended."""
