"""Two runs beside each other: figures, rows, gates and configs, as a page and in the terminal."""
