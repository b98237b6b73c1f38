"""Prefect server."""
