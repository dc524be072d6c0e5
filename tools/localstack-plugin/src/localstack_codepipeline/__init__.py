"""CodePipeline, emulated: a pure model of its executions and the LocalStack provider around it."""
