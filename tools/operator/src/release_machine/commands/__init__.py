"""One module for each command of the command line, loaded when the command is called."""
