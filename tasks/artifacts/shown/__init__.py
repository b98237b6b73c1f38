"""Rows as people look at them: what is in them, what their label is and what is thought of it."""
