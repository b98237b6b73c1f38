"""Nearest neighbours among rows: by cosine, by distance, or among those of a sample."""
