"""Rows that show what a class is: those that stand for many, and those that are almost of another."""
