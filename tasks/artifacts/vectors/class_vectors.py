"""Vectors of the class names, as the embed stage kept them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.methods.encoders import base


def class_vectors(artifacts: Artifacts) -> NDArray[np.float32]:
    """Vectors (K, D) of the class names, which the run has where classes are named."""
    return base.unpack(artifacts.store.read(artifacts.file("embed", "class_vectors.npz")))["vectors"]
