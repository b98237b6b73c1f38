"""Review: what people are shown of a dataset, and what they answer."""
