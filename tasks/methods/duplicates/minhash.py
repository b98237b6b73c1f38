"""Near duplicates among texts without a vector: sketches of their sequences of letters, compared by bands."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

HASHES = 64  # of a sketch, 16 bits each: a similarity is told to ± 0.05
BAND = np.uint64  # of 4 hashes: of texts with similarity 0.8 one of 16 is the same in 9,998 of 10,000
SHINGLE = 5  # bytes that follow each other
SIMILAR = 0.8  # Jaccard similarity of these, from which on texts are near duplicates
WINDOW = 3  # rows after it, of those with the same band, that a row is compared with


def sketches(texts: pa.Array) -> NDArray[np.uint16]:
    """Sketches (N, 64) of texts, whatever their case and blanks; all of an empty one are 0 (Broder 1997).

    Each hash is the least of a random order of the text's sequences of five bytes: the probability that two
    texts share it is the share of their sequences that both have.
    """
    plain = pc.utf8_lower(pc.fill_null(texts.cast(pa.large_string()), ""))
    plain = pc.utf8_trim_whitespace(pc.replace_substring_regex(plain, r"\s+", " "))
    held = [text.replace("\0", "").encode() for text in plain.to_pylist()]
    size = np.array([len(text) for text in held], np.int64)
    there = np.flatnonzero(size)
    sketched = np.zeros((len(texts), HASHES), np.uint16)
    if not len(there):
        return sketched
    ends = bytes(SHINGLE - 1)  # so that no sequence reaches into the next text
    data = np.frombuffer(b"".join(text + ends for text in held if text), np.uint8)
    first = np.flatnonzero(data)
    windows = np.zeros(len(first), np.uint64)
    for place in range(SHINGLE):
        windows |= data[first + place].astype(np.uint64) << np.uint64(8 * place)
    starts = np.cumsum(size[there]) - size[there]
    mixed = _mixed(windows)
    for number in range(HASHES):
        order = _mixed(np.array([number], np.uint64)) | np.uint64(1)  # odd: no two sequences become one
        sketched[there, number] = _mixed(np.minimum.reduceat(mixed * order, starts)) & np.uint64(0xFFFF)
    return sketched


def similar_pairs(held: NDArray[np.uint16]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pairs (P, 2) of rows, each once, whose sketches (N, 64) say that they are near duplicates; how similar.

    Rows with an equal band lie side by side once sorted by it (Leskovec 2014); empty ones don't count.
    """
    rows = np.flatnonzero(held.any(axis=1))
    bands = np.ascontiguousarray(held[rows]).view(BAND)
    keys = [np.zeros(0, np.int64)]
    for band in bands.T:
        order = np.argsort(band, kind="stable")
        for apart in range(1, min(WINDOW, len(rows) - 1) + 1):
            one, other = order[:-apart], order[apart:]
            same = band[one] == band[other]
            keys.append(np.minimum(one, other)[same] * len(rows) + np.maximum(one, other)[same])
    pairs = rows[np.stack(np.divmod(np.unique(np.concatenate(keys)), max(len(rows), 1)), axis=1)]
    alike = np.mean(held[pairs[:, 0]] == held[pairs[:, 1]], axis=1) if len(pairs) else np.zeros(0)
    near = alike >= SIMILAR
    return pairs[near], alike[near]


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Bits spread over the whole number (Steele 2014: splitmix64)."""
    mixed = values * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))
