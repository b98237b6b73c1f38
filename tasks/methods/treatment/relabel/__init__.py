"""What becomes of a suspicious label."""
