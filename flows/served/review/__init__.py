"""The page on which people look at rows, served on loopback."""
