"""The config: its sections, how it is read, what its errors say."""
