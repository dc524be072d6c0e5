"""What can be read: lists, pages and details."""
