"""Treat."""
