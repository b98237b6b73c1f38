"""Processes: children that end with their parent, their state, their signals."""
