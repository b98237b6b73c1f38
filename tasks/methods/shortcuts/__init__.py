"""Properties of rows, such as the length of a text, that tell the label: what a model may learn instead."""
