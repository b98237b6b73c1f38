"""Find wrong labels and shifted distributions in a dataset, treat them, prove it, publish a new version."""
