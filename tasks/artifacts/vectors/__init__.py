"""Vectors of the rows as they lie in the store, and the sums made of them in the first pass."""
