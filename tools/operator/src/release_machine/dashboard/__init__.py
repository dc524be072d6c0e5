"""The dashboard: pages on this machine that show what the release machine does now."""
