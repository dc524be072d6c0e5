"""Records the state changes of CodePipeline and settles pipelines that have ended."""
