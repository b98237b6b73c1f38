"""Treatment: keep, relabel or review a row, and what it counts for in training."""
