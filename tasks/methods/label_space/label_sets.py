"""What rows of several labels tell: classes that imply another, are the same, or exclude each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import log

from labelworks.schemas.findings import Class
from labelworks.tasks.methods.label_space.findings import ClassFinding
from labelworks.tasks.methods.statistics.clopper_pearson import high_end, low_end

LEVEL = 0.05
IMPLIES = 0.95  # share of a class's rows that have another, at least, by the lower end of its interval
EXCLUSIVE = 0.05  # times as often as by chance, at most, by the upper end
SHOWN = 20  # pairs that exclude each other, those first that would be together most

Pairs = Mapping[tuple[Class, Class], int]


def by_label_sets(counts: Mapping[Class, int], together: Pairs, rows: int) -> Iterator[ClassFinding]:
    """Findings by which classes stand in one row.

    counts: rows of each class. together: rows that have both of a pair (each pair once, in either order);
    pairs that aren't there have none. rows: of the dataset.

    Intervals are those of Clopper & Pearson (1934), each at a level shared by all pairs (Bonferroni).
    """
    pairs = max(1, len(counts) * (len(counts) - 1) // 2)
    both = {frozenset(pair): count for pair, count in together.items() if pair[0] != pair[1]}
    for pair, shared in both.items():
        one, other = sorted(pair, key=lambda name: (counts[name], str(name)))
        first, second = (low_end(shared, counts[name], LEVEL / pairs) >= IMPLIES for name in (one, other))
        if first and second:
            about = f"{shared:,} rows have both, and few only one"
            yield ClassFinding("same rows", (other, one), (counts[other], counts[one]), about, one=True)
        elif first or second:
            part, whole = (one, other) if first else (other, one)
            about = f"{shared:,} of {counts[part]:,} rows of the first have the second too"
            yield ClassFinding("within", (part, whole), (counts[part], counts[whole]), about)
    yield from _exclusive(counts, both, rows, pairs)


def _exclusive(
    counts: Mapping[Class, int], both: Mapping[frozenset[Class], int], rows: int, pairs: int
) -> Iterator[ClassFinding]:
    # Of e rows expected none are seen with a chance of exp(-e): below that many nothing can be said.
    least = log(pairs / LEVEL) / EXCLUSIVE
    ordered = sorted(counts, key=lambda name: (-counts[name], str(name)))
    findings = []
    for place, one in enumerate(ordered):
        for other in ordered[place + 1 :]:
            expected = counts[one] * counts[other] / max(rows, 1)
            if expected < least:
                break
            seen = both.get(frozenset((one, other)), 0)
            if high_end(seen, rows, LEVEL / pairs) * rows <= EXCLUSIVE * expected:
                findings.append((expected, seen, one, other))
    for expected, seen, one, other in sorted(findings, key=lambda each: -each[0])[:SHOWN]:
        about = f"{'never' if not seen else f'{seen:,} times'} in one row, by chance {expected:,.0f} times"
        yield ClassFinding("exclusive", (one, other), (counts[one], counts[other]), about)
