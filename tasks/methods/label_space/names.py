"""What the names of classes tell: those of one class, those that are alike, those within another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np

from labelworks.schemas.findings import Class
from labelworks.tasks.methods.label_space.findings import ClassFinding
from labelworks.tasks.methods.label_space.similar_names import alike_names, plain_name

NEAR = 90  # of 100: how alike two names are that are worth a look; a slip in a word of ten letters
BLOCK = 512  # names that are compared with all others at a time
PAIRS = 100  # of near names that are shown, the most alike first
SHOWN = 5  # of the names that another is part of
WORDS = 20  # of a name that are looked at


def by_name(counts: Mapping[Class, int]) -> Iterator[ClassFinding]:
    """Findings by the names alone; numbers have none."""
    named = {name: rows for name, rows in counts.items() if isinstance(name, str)}
    seen: set[frozenset[Class]] = set()
    for alike in alike_names(named):
        seen |= {frozenset(pair) for pair in combinations(alike.names, 2)}
        yield alike
    plain = {name: plain_name(name) for name in named}
    yield from _near(named, plain, seen)
    yield from _parts(named, plain)


def _near(
    counts: Mapping[str, int], plain: Mapping[str, str], seen: set[frozenset[Class]]
) -> Iterator[ClassFinding]:
    """Pairs whose letters are nearly the same, by rapidfuzz; names with other numbers are never one."""
    from rapidfuzz import fuzz, process

    names = [name for name, text in plain.items() if text]
    texts = [plain[name] for name in names]
    pairs: list[tuple[int, str, str]] = []
    for start in range(0, len(names), BLOCK):
        block = texts[start : start + BLOCK]
        alike = process.cdist(block, texts, scorer=fuzz.ratio, score_cutoff=NEAR, dtype=np.uint8)
        for row, column in np.argwhere(alike >= NEAR).tolist():
            one, other = sorted((names[start + row], names[column]), key=lambda name: (-counts[name], name))
            new = start + row < column and frozenset((one, other)) not in seen
            if new and _numbers(one) == _numbers(other):
                pairs.append((int(alike[row, column]), one, other))
    for share, *pair in sorted(pairs, key=lambda each: -each[0])[:PAIRS]:
        about = f"{share} % of the letters are the same"
        yield ClassFinding(
            "near name", tuple(pair), tuple(counts[member] for member in pair), about, one=True
        )


def _numbers(name: str) -> str:
    return "".join(char if char.isdigit() else " " for char in name).strip()


def _parts(counts: Mapping[str, int], plain: Mapping[str, str]) -> Iterator[ClassFinding]:
    """Names all whose words stand in other names, in one piece: these may be classes within that one."""
    by_text: dict[str, list[str]] = defaultdict(list)
    for name, text in plain.items():
        by_text[text].append(name)
    holders: dict[str, list[str]] = defaultdict(list)
    for name, text in plain.items():
        words = text.split()[:WORDS]
        spans = {(a, b) for a in range(len(words)) for b in range(a + 1, len(words) + 1)}
        for part in {" ".join(words[a:b]) for a, b in spans} - {text}:
            for other in by_text.get(part, ()):
                holders[other].append(name)
    for part, holding in holders.items():
        names = (part, *sorted(holding, key=lambda name: (-counts[name], name))[:SHOWN])
        about = "the name stands in the other" + (f"s, {len(holding)} in all" if len(holding) > 1 else "")
        yield ClassFinding("name within", names, tuple(counts[name] for name in names), about)
