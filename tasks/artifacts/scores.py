"""The scores of a run: which of their columns decide, and how many rows and classes are kept."""

from __future__ import annotations

BINS = 20
WORST = 24
JUDGED = (
    "row", "id", "given", "flag", "suggestion", "error_probability", "suggested_probability", "score",
    "outside", "copies_disagree",
)  # fmt: skip
SOFT_CLASSES = 256  # of more classes posteriors aren't kept: they would be larger than the embeddings

TARGET_ROWS = "detect/target"
