"""Lineage: OpenLineage events of runs and of their stages."""
