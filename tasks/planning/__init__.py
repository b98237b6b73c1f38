"""From a source to partitions, and from a config to a run."""
