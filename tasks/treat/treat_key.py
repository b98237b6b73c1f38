"""A name for what rows are treated by: runs that treat alike share treated parts."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import joblib

from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.code_version import code_version
from labelworks.tasks.treat.treated import Basis


def treat_key(artifacts: Artifacts, ref: DatasetRef, basis: Basis) -> str:
    """A hash of all that a treated part is made of, but for its partition and what people decided there.

    Of two hashes that differ though all is alike, a part is made twice; nothing else comes of it.
    """
    made_of = (
        joblib.hash(replace(basis, source=None)),
        ref.model_key,
        ref.encoder_key,
        ref.label_type,
        ref.classes,
        artifacts.index_keys.get("source", {}).get(ref.label_type, ""),
        artifacts.id if ref.inferred else "",  # labels are inferred by the run, and kept with it
        code_version(),
    )
    return hashlib.blake2b(repr(made_of).encode(), digest_size=8).hexdigest()
