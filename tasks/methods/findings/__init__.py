"""What the methods say of a dataset, a target, windows and groups, put together."""
