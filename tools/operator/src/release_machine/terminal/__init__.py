"""What the commands share on a terminal: arguments, output, completion."""
