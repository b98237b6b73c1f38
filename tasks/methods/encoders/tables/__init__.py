"""Rows of tables as vectors: columns of numbers, categories, dates and short texts side by side."""
