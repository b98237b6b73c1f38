"""Rows and facts that weights are made of, and how factors become one weight."""
