"""Asking a person before a version is published, and waiting for the answer."""
