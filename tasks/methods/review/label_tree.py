"""How far classes lie from each other in a tree of them: what a wrong label costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import ConfigError

Hierarchy = str | Mapping[str, str | None]  # a separator of names; or by name the one above it
NAMED = 5  # classes without a place that are listed
NONE_COSTS = 1.0  # a row of none of the classes is as far from each as two of them can be


@dataclass(frozen=True, eq=False)
class LabelTree:
    """K classes as ways from the top: `above` (K, depth), codes of what is passed, -1 behind the end.

    longest: steps between the two classes that lie farthest apart; distances are shares of it.
    """

    above: NDArray[np.int32]
    longest: int = 1

    @classmethod
    def of(cls, classes: Sequence[str | int], hierarchy: Hierarchy) -> LabelTree:
        """The tree of some classes. ConfigError where one has no place in it."""
        ways = [_way(str(name), hierarchy) for name in classes]
        homeless = [str(name) for name, way in zip(classes, ways, strict=True) if not way]
        if homeless:
            more = f" and {len(homeless) - NAMED} more" if len(homeless) > NAMED else ""
            raise ConfigError(
                f"no place for the class {', '.join(map(repr, homeless[:NAMED]))}{more}",
                where="dataset.hierarchy",
                fix="say what lies above it, or null where nothing does",
            )
        codes: dict[tuple[str, ...], int] = {}
        above = np.full((len(ways), max(map(len, ways), default=0)), -1, np.int32)
        for place, way in enumerate(ways):
            for depth in range(len(way)):
                above[place, depth] = codes.setdefault(way[: depth + 1], len(codes))
        tree = cls(above)
        if not ways:
            return tree
        end = int(tree.steps(0).argmax())  # what is farthest from any is an end of the longest way
        return cls(above, max(int(tree.steps(end).max()), 1))

    def steps(self, code: int) -> NDArray[np.int64]:
        """Steps (K,) from a class to each: up to the first that both lie below, and down again."""
        mine = self.above[code]
        shared = ((self.above == mine) & (mine >= 0)).sum(axis=1)
        return np.asarray((mine >= 0).sum() + (self.above >= 0).sum(axis=1) - 2 * shared)

    def distances(self, code: int) -> NDArray[np.float64]:
        """Distances (K,) from a class to each, 0 to 1."""
        return np.asarray(self.steps(code) / self.longest, np.float64)

    def costs(self) -> NDArray[np.float64]:
        """Distances (K + 1, K + 1) between all classes, the last being none of them."""
        count = len(self.above)
        costs_of = np.full((count + 1, count + 1), NONE_COSTS)
        for code in range(count):
            costs_of[code, :count] = self.distances(code)
        costs_of[count, count] = 0.0
        return costs_of

    def mean_distances(self) -> NDArray[np.float64]:
        """Mean distance (K + 1,) from each class to the others; of none of them the last."""
        others = max(len(self.above) - 1, 1)
        return np.array(
            [*(self.distances(code).sum() / others for code in range(len(self.above))), NONE_COSTS]
        )

    def distance_if_wrong(
        self,
        label: NDArray[np.integer],
        shares: NDArray[np.floating],
        codes: NDArray[np.integer] | None = None,
    ) -> NDArray[np.float64]:
        """How far from its label (n,) the true class of each row is expected to be, if it is another one.

        shares (n, m): how likely some classes are, whose codes (n, m) are given; None: all classes in order.
        What is left of 1 is shared by the classes that aren't among them.
        """
        expected = np.zeros(len(label))
        for code in np.unique(label).tolist():
            rows, away = np.flatnonzero(label == code), self.distances(code)
            known = shares[rows].astype(np.float64)
            listed = np.broadcast_to(np.arange(len(away)), known.shape) if codes is None else codes[rows]
            itself = listed == code
            left = len(away) - listed.shape[1]
            each_left = np.maximum(1 - known.sum(axis=1), 0) / left if left else np.zeros(len(rows))
            wrong = np.where(itself, 0, known).sum(axis=1) + each_left * (left - ~itself.any(axis=1))
            cost = (known * away[listed]).sum(axis=1) + each_left * (away.sum() - away[listed].sum(axis=1))
            alike = away.sum() / max(len(away) - 1, 1)
            expected[rows] = np.where(wrong > 0, cost / np.where(wrong > 0, wrong, 1), alike)
        return expected


def _way(name: str, hierarchy: Hierarchy) -> tuple[str, ...]:
    """What is passed on the way from the top to a class, itself at the end; empty where it has no place."""
    if isinstance(hierarchy, str):
        return tuple(name.split(hierarchy))
    way = [name]
    while (above := hierarchy.get(way[-1])) is not None and above not in way:
        way.append(above)
    known = name in hierarchy or name in hierarchy.values()
    return tuple(reversed(way)) if known else ()
