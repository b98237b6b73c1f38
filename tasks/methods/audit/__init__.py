"""Audits: which rows people are shown, with what probability, and what their answers say of all rows."""
