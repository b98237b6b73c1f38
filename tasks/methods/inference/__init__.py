"""What the labels of a model and a few rows that people looked at say of all rows, with intervals."""
