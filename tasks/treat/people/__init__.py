"""What people said of rows, as the treatment hears it: decisions, and rows that they looked at."""
