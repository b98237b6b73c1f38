"""Rows of no known class: how strange a row is, what share they are, which classes they make."""
