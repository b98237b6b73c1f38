"""Detect, of labels that are no single class of a row: label sets, numbers, tags of tokens."""
