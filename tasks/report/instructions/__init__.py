"""Labelling instructions by example: which rows show what a class is, and how that is written."""
