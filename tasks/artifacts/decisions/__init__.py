"""What people decided about a dataset's rows: kept beside its runs, and read by them."""
