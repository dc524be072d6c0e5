"""What a manifest would do now, without any write."""
