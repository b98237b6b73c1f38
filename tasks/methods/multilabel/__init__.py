"""Wrong labels where a row has several: which cells of the matrix, how many, and what they should be."""

from labelworks.tasks.methods.multilabel.detect import detect_multilabel

__all__ = ["detect_multilabel"]
