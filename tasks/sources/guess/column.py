"""What a sample says of one column: how many values, which differ, what they look like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as types
from numpy.typing import NDArray

from labelworks.tasks.methods.encoders.values import UnusableError, decode_image, image_bytes
from labelworks.tasks.methods.probabilities import unusable
from labelworks.tasks.sources.column_roles import fits

PEEKED, PEEKED_BYTES = 64, 32 << 20  # images decoded
MAGIC = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\x00", b"MM\x00*")
IMAGE_PATH = r"(?i)\.(png|jpe?g|gif|webp|bmp|tiff?)$"
NUMERAL = r"^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$"
UNREAD = {
    "numbers with a decimal comma (write 1234.5)": r"^[+-]?\d{1,3}(\.?\d{3})*,\d+$",
    "dates that aren't ISO 8601 (write 2031-12-24)": r"^\d{1,2}([./-])\d{1,2}[./-](\d\d|\d{4})$",
}  # what texts may be that a program would have to guess
ISO_DATE = r"^\d{4}-\d\d(-\d\d([T ]\d\d:\d\d.*)?)?$"
UNSPACED = r"^[^\x00-\x7f]{2,}"  # text in scripts without spaces


@dataclass(frozen=True)
class Column:
    """What the sample says of one column; shares are of its values, those that are not null."""

    name: str
    type: pa.DataType
    values: int
    nulls: int
    distinct: int | None = None
    length: float = field(default=0.0, metadata={"about": "characters, or values of a list, on average"})
    prose: float = field(
        default=0.0, metadata={"about": "share of texts: with spaces, or in no Latin script"}
    )
    blank: float = 0.0
    image_paths: float = 0.0
    numerals: float = 0.0
    unread: str = field(default="", metadata={"about": "what all of the texts are, one of UNREAD"})
    dates: float = 0.0
    peeked: int = field(default=0, metadata={"about": "images that were decoded, or tried"})
    broken: int = 0
    width: int | None = field(default=None, metadata={"about": "values of each list, where all are as long"})
    usual: int | None = field(default=None, metadata={"about": "values of a list, as most often"})
    unfit: float = field(
        default=0.0,
        metadata={"about": "share of lists of numbers that are of no usual length, or not finite"},
    )
    repeats: float = field(default=0.0, metadata={"about": "share of lists in which a value occurs twice"})
    sums_to_one: float = field(default=0.0, metadata={"about": "share of lists that are probabilities"})
    whole: bool = field(default=False, metadata={"about": "numbers without decimals"})
    counts: bool = field(default=False, metadata={"about": "whole numbers, each once and none left out"})

    @property
    def images(self) -> bool:
        """Whether most of what was peeked at are images."""
        return self.peeked > 2 * self.broken

    @property
    def rows(self) -> int:
        """Rows of the sample."""
        return self.values + self.nulls

    def is_number(self) -> bool:
        """Whether it holds single numbers."""
        return fits(self.type, "regression")

    def is_key(self) -> bool:
        """Whether its values can name rows, items or people: texts or whole numbers."""
        fractions = types.is_floating(self.type) or types.is_decimal(self.type)
        return fits(self.type, "id") and (self.whole or not fractions)

    def is_text(self) -> bool:
        """Whether it holds strings."""
        return fits(self.type, "text") and not types.is_null(self.type)


def examined(name: str, column: pa.ChunkedArray) -> Column:
    """Look at the values of one column."""
    values = plain(column.combine_chunks()).drop_null()
    known: dict[str, Any] = {"name": name, "type": column.type, "values": len(values)}
    known["nulls"] = len(column) - len(values)
    if not len(values):
        return Column(**known)
    kind = values.type
    if any(fits(kind, role) for role in ("label", "id", "regression")):
        known |= _of_single(values)
    if fits(kind, "text"):
        known |= _of_texts(values)
    elif fits(kind, "regression"):
        known |= _of_numbers(values)
    elif fits(kind, "vector") or fits(kind, "multilabel"):
        known |= _of_lists(values)
    elif fits(kind, "image"):
        known |= _of_images(values)
    return Column(**known)


def plain(values: pa.Array) -> pa.Array:
    """The values of a column whose type is a dictionary, as such."""
    return values.dictionary_decode() if types.is_dictionary(values.type) else values


def named(kind: pa.DataType) -> str:
    """A type as messages name it."""
    return f"{kind.value_type}, dictionary" if types.is_dictionary(kind) else str(kind)


def _of_single(values: pa.Array) -> dict[str, Any]:
    return {"distinct": pc.count_distinct(values).as_py()}


def _of_texts(values: pa.Array) -> dict[str, Any]:
    return {
        "length": pc.mean(pc.binary_length(values)).as_py(),
        "prose": _share(pc.or_(_matches(values, r"\S\s+\S"), _matches(values, UNSPACED))),
        "blank": _share(_matches(values, r"^\s*$")),
        "image_paths": _share(_matches(values, IMAGE_PATH)),
        "dates": _share(_matches(values, ISO_DATE)),
        "numerals": _share(_matches(values, NUMERAL)),
        "unread": next((what for what, form in UNREAD.items() if _share(_matches(values, form)) == 1), ""),
    }


def _of_numbers(values: pa.Array) -> dict[str, Any]:
    numbers = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    finite = numbers[np.isfinite(numbers)]
    missing = int(np.isnan(numbers).sum())  # as pandas writes what is missing
    whole = bool(len(finite)) and not np.any(finite % 1)
    counts = whole and len(np.unique(finite)) == len(numbers) == np.ptp(finite) + 1
    return {"whole": whole, "counts": bool(counts)} | (
        {"nulls": missing, "values": len(values) - missing} if missing else {}
    )


def _of_lists(values: pa.Array) -> dict[str, Any]:
    lengths = pc.list_value_length(values).to_numpy(zero_copy_only=False)
    width = int(lengths[0]) if len(set(lengths.tolist())) == 1 else None
    facts: dict[str, Any] = {"width": width, "length": float(lengths.mean())}
    flat = values.flatten()
    if fits(values.type, "vector"):
        facts |= _of_vectors(values, lengths)
    if fits(values.type, "vector") and width and not flat.null_count:
        rows = flat.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False).reshape(-1, width)
        facts["sums_to_one"] = float(1 - unusable(rows)[0].mean())
    if fits(values.type, "multilabel"):
        facts["repeats"] = float(np.mean([len(set(row)) < len(row) for row in values.to_pylist()]))
        facts["distinct"] = 0 if types.is_null(flat.type) else pc.count_distinct(flat).as_py()
    return facts


def _of_vectors(values: pa.Array, lengths: NDArray[np.integer]) -> dict[str, Any]:
    """The usual length of lists of numbers (n,), and the share that a run would put aside."""
    widths, counts = np.unique(lengths, return_counts=True)
    usual = int(widths[np.argmax(counts)])
    finite = pc.is_finite(values.flatten().cast(pa.float64(), safe=False))
    bad = lengths != usual
    bad[pc.list_parent_indices(values).filter(pc.invert(pc.fill_null(finite, False))).to_numpy()] = True
    return {"usual": usual, "unfit": float(bad.mean())}


def _of_images(values: pa.Array) -> dict[str, Any]:
    places = np.unique(np.linspace(0, len(values) - 1, PEEKED).astype(int))
    peeked = image_bytes(values.take(pa.array(places)))
    held = np.cumsum([len(data or b"") for data in peeked])
    peeked = peeked[: max(1, int((held <= PEEKED_BYTES).sum()))]
    if not any((data or b"").startswith(MAGIC) for data in peeked):
        return {}
    return {"peeked": len(peeked), "broken": sum(_broken(peeked))}


def _broken(images: list[bytes | None]) -> Iterator[bool]:
    for data in images:
        try:
            decode_image(data, "L")
            yield False
        except UnusableError:
            yield True


def _matches(values: pa.Array, pattern: str) -> pa.Array:
    return pc.match_substring_regex(values, pattern)


def _share(mask: pa.Array) -> float:
    return float(pc.mean(mask.cast(pa.int8())).as_py())
