"""Columns and values as files hold them, told as the few kinds that the rest knows."""
