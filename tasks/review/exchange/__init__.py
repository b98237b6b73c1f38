"""Rows to review as files: written for people and for their tools, read with the answers."""
