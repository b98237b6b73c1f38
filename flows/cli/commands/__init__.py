"""The commands, one a file, each by the name that it has on the command line."""
