"""What runs of the pipeline left, from a notebook."""
