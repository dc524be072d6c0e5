"""The release-machine command: submit releases, follow them, and look at them afterwards."""
