"""Class names: their texts, encoded once a run by the encoder of the rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from schemas.dataset import DatasetConfig
from schemas.errors import ConfigError
from schemas.records import DatasetRef
from tasks.io.encoder import EncoderSpec, loaded
from tasks.io.run import Run
from tasks.methods.encoders import base


def names_of(data: DatasetConfig, classes: tuple[str | int, ...]) -> list[str]:
    """The text of each class: as the config maps it, or the label itself; ConfigError if one is missing."""
    if data.class_names is True:
        return [str(each).replace("_", " ") for each in classes]
    texts = {str(name): text for name, text in (data.class_names or {}).items()}
    missing = [str(each) for each in classes if not texts.get(str(each), "").strip()]
    if missing:
        raise ConfigError(
            f"no text for {len(missing)} of {len(classes)} classes: {', '.join(missing[:5])}",
            where="dataset.class_names",
            fix="give one for every class, or `true` to take the labels as they are",
        )
    return [texts[str(each)] for each in classes]


def encode_class_names(run: Run, ref: DatasetRef, spec: EncoderSpec) -> None:
    """Encode the class names and keep their vectors (K, D) with the run, unless they are there."""
    name = run.file("embed", "class_vectors.npz")
    if run.store.exists(name):
        return
    texts = names_of(run.config.dataset, ref.classes)
    vectors = np.asarray(loaded(spec).encode_names(texts), dtype=np.float32)
    run.store.write(name, base.pack({"vectors": vectors}))


def class_vectors(run: Run) -> NDArray[np.float32] | None:
    """Vectors (K, D) of the class names; None where the config names none."""
    if run.config.dataset.class_names is None:
        return None
    return base.unpack(run.store.read(run.file("embed", "class_vectors.npz")))["vectors"]
