"""Plans: what a manifest would do now, without any write."""
