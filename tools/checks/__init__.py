"""What `make test` and `make prove` run."""
