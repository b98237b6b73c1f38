"""The command line: `app.py` is the entry, `commands/` has a file a command, the rest is what they share."""
