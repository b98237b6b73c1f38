"""Class names: their texts, encoded once a run by the encoder of the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import ConfigError
from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.embed.encoder_spec import EncoderSpec, loaded
from labelworks.tasks.methods.encoders import base


def names_of(given: Literal[True] | Mapping[str | int, str], classes: tuple[str | int, ...]) -> list[str]:
    """The text of each class as given, or (True) the label itself; ConfigError if one is missing."""
    if given is True:
        return [str(name).replace("_", " ") for name in classes]
    texts = {str(name): text for name, text in given.items()}
    missing = [str(name) for name in classes if not texts.get(str(name), "").strip()]
    if missing:
        raise ConfigError(
            f"no text for {len(missing)} of {len(classes)} classes: {', '.join(missing[:5])}",
            where="dataset.class_names",
            fix="give one for every class, or `true` to take the labels as they are",
        )
    return [texts[str(name)] for name in classes]


def encode_class_names(
    artifacts: Artifacts, ref: DatasetRef, spec: EncoderSpec, given: Literal[True] | Mapping[str | int, str]
) -> None:
    """Encode the class names and keep their vectors (K, D) with the run, unless they are there."""
    name = artifacts.file("embed", "class_vectors.npz")
    if artifacts.store.exists(name):
        return
    vectors = usable_names(loaded(spec).encode_names(names_of(given, ref.classes)), ref.classes)
    artifacts.store.write(name, base.pack({"vectors": vectors}))


def usable_names(encoded: base.Encoded, classes: Sequence[str | int]) -> NDArray[np.float32]:
    """Vectors (K, D) of the class names; ConfigError naming the classes that have none, or no finite one."""
    finite = base.finite_rows(encoded.vectors)
    rows = zip(classes, encoded.reasons, finite, strict=True)
    bad = [f"{name} ({reason or base.NOT_FINITE})" for name, reason, ok in rows if reason or not ok]
    if bad:
        raise ConfigError(
            f"no vector for the text of {len(bad)} of {len(classes)} classes: {', '.join(bad[:5])}",
            where="dataset.class_names",
            fix="give each of them a text that the encoder can read",
        )
    return np.asarray(encoded.vectors, dtype=np.float32)
