"""Rows that people look at: samples, decisions, and what they tell of all rows."""
