"""A Prefect API of our own, for as long as a run or `labelworks serve` lasts."""
