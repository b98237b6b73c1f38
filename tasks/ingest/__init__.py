"""Ingest: which rows can be used, with their ids, labels and folds; the rest is put aside with reasons."""
