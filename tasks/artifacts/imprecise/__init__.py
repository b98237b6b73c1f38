"""Rows whose labels are no single known class: what was observed of them, and the labels inferred of it."""
