"""Labelling functions: what is looked for in the columns of a row, and which class that speaks for."""
