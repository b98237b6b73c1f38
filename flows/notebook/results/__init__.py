"""What the functions of the front door give back, shown in a notebook and on a terminal."""
