"""Embed: the features of each partition as vectors, made once for each content."""
