"""Dask clusters, and which worker has a GPU."""
