"""What a rollback ships, and which pipelines it omits for which reason."""
