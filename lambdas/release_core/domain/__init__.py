"""Plain values: releases, pipelines, executions, revisions, and the end of a workflow execution."""
