"""MinHash: similarities beside the true ones, pairs beside all pairs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

from labelworks.tasks.methods.duplicates.minhash import SHINGLE, SIMILAR, similar_pairs, sketches

WORDS = [f"w{number}{'abcdefgh'[number % 8]}" for number in range(400)]


def texts(rng: np.random.Generator, rows: int) -> list[str]:
    return [" ".join(rng.choice(WORDS, 40)) for _ in range(rows)]


def similarity(one: str, other: str) -> float:
    held = [{f"{text}{chr(0) * 4}"[at : at + SHINGLE] for at in range(len(text))} for text in (one, other)]
    return len(held[0] & held[1]) / len(held[0] | held[1])


def test_sketches_tell_the_similarity() -> None:
    rng = np.random.default_rng(0)
    base = texts(rng, 60)
    changed = [" ".join(text.split()[: int(rng.integers(10, 40))]) for text in base]
    held = sketches(pa.array([*base, *changed]))
    told = np.mean(held[:60] == held[60:], axis=1)
    true = np.array([similarity(*pair) for pair in zip(base, changed, strict=True)])
    assert np.abs(told - true).max() < 0.25 and abs(np.mean(told - true)) < 0.02


def test_pairs_are_those_of_all_comparisons() -> None:
    rng = np.random.default_rng(1)
    base = texts(rng, 150)
    base += [f"{text} w{number}a" for number, text in enumerate(base[:40])] + base[:10]
    pairs, alike = similar_pairs(sketches(pa.array(base)))
    near = (pair for pair in combinations(range(200), 2) if similarity(*(base[row] for row in pair)) > 0.9)
    wanted = set(near)
    assert len(wanted) >= 50 and wanted <= {tuple(pair) for pair in pairs.tolist()}
    assert all(similarity(base[one], base[other]) > SIMILAR - 0.2 for one, other in pairs)
    assert len({tuple(pair) for pair in pairs.tolist()}) == len(pairs) and (alike >= SIMILAR).all()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Hello  World", "hello world\n", True),
        ("abc", "abc", True),
        ("abc", "abd", False),
        ("你好，世界", "你好，世界", True),
    ],
)
def test_case_and_blanks_make_no_difference(one: str, other: str, same: bool) -> None:
    assert (len(similar_pairs(sketches(pa.array([one, other])))[0]) == 1) == same


def test_empty_texts_are_no_duplicates() -> None:
    assert len(similar_pairs(sketches(pa.array([None, "", " ", "a"])))[0]) == 0
    assert len(similar_pairs(sketches(pa.array([], pa.string())))[0]) == 0
