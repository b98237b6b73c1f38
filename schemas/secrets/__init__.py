"""Secrets: found in configs, hidden in texts and logs."""
