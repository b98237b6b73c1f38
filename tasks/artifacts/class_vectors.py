"""Vectors of the class names, as the embed stage kept them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.artifacts.run import Run
from labelworks.tasks.methods.encoders import base


def class_vectors(run: Run) -> NDArray[np.float32] | None:
    """Vectors (K, D) of the class names; None where the config names none."""
    if run.config.dataset.class_names is None:
        return None
    return base.unpack(run.store.read(run.file("embed", "class_vectors.npz")))["vectors"]
