"""Treat: what becomes of each row, and what it weighs."""
