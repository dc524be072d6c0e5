"""Calls to CodePipeline, Step Functions, EventBridge and the services that hold revisions."""
