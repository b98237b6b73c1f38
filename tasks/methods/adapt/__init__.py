"""Adapting a frozen embedding: affine maps learnt from sums, so that they are out of sample as probes are."""
