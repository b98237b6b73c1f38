"""Multilabel."""
