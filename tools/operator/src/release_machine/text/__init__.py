"""Text that is safe and readable: times, names, links."""
