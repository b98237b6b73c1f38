"""Faults beyond single wrong labels: leaks between splits, shortcuts, labels changed together."""
