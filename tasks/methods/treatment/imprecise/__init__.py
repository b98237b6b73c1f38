"""What an imprecise label says of its row: every kind of it as a likelihood, one kind a file."""
