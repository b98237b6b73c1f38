"""What a row counts for in training: one factor a file; their product is made in `joint.py`."""
