"""Served."""
