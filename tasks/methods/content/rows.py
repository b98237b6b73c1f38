"""Rows as content issues are looked for in them: what they hold, and properties that show of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.tasks.methods.content.image.measures import by_name, of_images
from labelworks.tasks.methods.encoders.values import read_texts
from labelworks.tasks.methods.shortcuts import properties

KINDS = ("text", "image")  # of features that can be looked at
NOTHING = r"^[\s\p{Z}\p{C}\x{2800}\x{3164}\x{ffa0}]*$"  # blanks, also those that Unicode counts as letters


@dataclass(frozen=True)
class ContentRows:
    """Some rows of a dataset. Pickles.

    values (N,): texts, null where there is none that can be read, or encoded images; None: not held any more.
    properties: by name a number for each row (N,), NaN where it has none.
    """

    values: pa.Array | None
    properties: Mapping[str, NDArray[np.float64]]

    @classmethod
    def of(cls, kind: str, values: pa.Array) -> ContentRows:
        """Measure a column of texts or of encoded images."""
        if kind == "text":
            texts, reasons = read_texts(values)
            unread = [why is not None and why != "blank text" for why in reasons]
            held = pc.if_else(
                pa.array(unread, pa.bool_()), pa.scalar(None, pa.string()), pa.array(texts, pa.string())
            )
            return cls(held, properties.of_texts(held))
        return cls(values, of_images(values))

    @classmethod
    def of_measures(cls, measures: NDArray[np.float32]) -> ContentRows:
        """Images (N,) that were measured as they were decoded (N, M): they are not held."""
        return cls(None, by_name(measures))

    @property
    def sampled(self) -> ContentRows:
        """What of them is kept of a sample: images are too large to be."""
        return self if self.texts is not None else ContentRows(None, self.properties)

    @property
    def texts(self) -> pa.Array | None:
        """The texts (N,), null where there is none; None of other kinds."""
        return self.values if self.values is not None and pa.types.is_string(self.values.type) else None

    @property
    def log_lengths(self) -> NDArray[np.float64]:
        """Logarithms of the numbers of characters (N,); NaN of texts in which nothing can be read."""
        return np.log(np.where(self.visible, self.properties["characters"], np.nan))

    @property
    def visible(self) -> NDArray[np.bool_]:
        """Whether texts (N,) have one visible character; of other kinds all."""
        if self.texts is None:
            return np.ones(len(self), bool)
        there = pc.fill_null(pc.invert(pc.match_substring_regex(self.texts, NOTHING)), False)
        return np.asarray(there.to_numpy(zero_copy_only=False))

    @staticmethod
    def joined(parts: list[ContentRows]) -> ContentRows:
        """All rows of several."""
        texts = [part.values for part in parts if part.values is not None]
        names = parts[0].properties
        held = {name: np.concatenate([part.properties[name] for part in parts]) for name in names}
        return ContentRows(pa.concat_arrays(texts) if texts else None, held)

    def __len__(self) -> int:
        return len(next(iter(self.properties.values())))
