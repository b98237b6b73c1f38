"""A function over partitions: the only code that knows Dask."""
