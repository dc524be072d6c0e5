"""Calls to AWS: CodePipeline, Step Functions, EventBridge and the sources of revisions."""
