"""A desk at which people look at rows: what is handed to whom, what they answer, what it came to."""
