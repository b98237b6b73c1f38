"""Faults of a dataset beyond single wrong labels: what tells the label, what was changed together."""
