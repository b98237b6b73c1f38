"""Wrong labels that are numbers."""

from labelworks.tasks.methods.regression.detect import detect_regression

__all__ = ["detect_regression"]
