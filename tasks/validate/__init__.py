"""Validate: two models, on raw and on treated labels, against rows held out of everything."""
