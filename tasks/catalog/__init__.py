"""What outlives a run: history, signs of life, and what nothing needs any more."""
