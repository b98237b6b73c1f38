"""Rows that language or vision models are asked about: which, what they said, and what is heard of it."""
