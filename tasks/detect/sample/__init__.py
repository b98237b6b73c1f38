"""What a bounded sample of the rows tells."""
