"""What is in rows that judges are asked about: a text, an encoded image, or columns as a text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from labelworks.schemas.records import Partition
from labelworks.tasks.artifacts.features import some_features
from labelworks.tasks.methods.encoders.values import image_bytes, read_texts
from labelworks.tasks.methods.judges.question import Content
from labelworks.tasks.sources.source import Source

KINDS = ("text", "image", "columns")  # of features that a judge can be shown


def row_contents(item: tuple[Partition, list[int]], source: Source) -> list[Content]:
    """Those of some rows of a partition, in the rows' order; None where there is nothing to show."""
    partition, rows = item
    return _contents(some_features(source, partition, np.array(rows)), source.columns.kind)


def _contents(values: pa.Array, kind: str) -> list[Content]:
    if kind == "image":
        return list(image_bytes(values))
    if kind == "columns":
        return ["\n".join(f"{name}: {value}" for name, value in row.items()) for row in values.to_pylist()]
    texts, reasons = read_texts(values)
    return [None if reason else text for text, reason in zip(texts, reasons, strict=True)]
