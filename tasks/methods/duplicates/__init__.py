"""Rows that are copies of others, and what copies with unlike labels say."""
