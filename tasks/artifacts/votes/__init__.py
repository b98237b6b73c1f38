"""Votes of annotators and of rules: their files, and the labels made of them."""
