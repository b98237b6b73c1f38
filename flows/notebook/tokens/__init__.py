"""Tags of tokens in notebooks and scripts."""
