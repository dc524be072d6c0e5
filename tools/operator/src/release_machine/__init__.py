"""The release-machine command: start a release, follow it to its end, look it up afterwards."""
