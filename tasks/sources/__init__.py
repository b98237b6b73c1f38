"""Files that are read: which there are, their formats, columns and changes."""
