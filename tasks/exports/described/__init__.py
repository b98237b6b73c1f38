"""What is in a version, for people and for catalogues: facts, a dataset card, Croissant."""
