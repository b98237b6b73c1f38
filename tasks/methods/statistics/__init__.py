"""Merging statistics of rows: sums by fold and class, and what is made of rows before."""
