"""Performance without labels: how good a model of the user's is on a window that nobody labelled."""
