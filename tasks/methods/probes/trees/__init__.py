"""Probes of the cells of a table: trees, beside the probes of its vectors."""
