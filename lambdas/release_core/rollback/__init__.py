"""What a rollback ships, and which pipelines it leaves out and why."""
