"""Publish: the parts of a version, its manifest, and the version."""
