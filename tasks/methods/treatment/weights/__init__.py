"""What a row counts for in training."""
