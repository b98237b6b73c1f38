"""The map of the sample as the page draws it: points with the colours of the commonest classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from labelworks.schemas.findings import Class, SampleMap

COLOURS = 8  # classes with a colour of their own; the others share one
WIDTH, HEIGHT, MARGIN = 640, 420, 12  # in the units of the drawing


@dataclass(frozen=True)
class Point:
    """A row: where it is drawn, the number of its class's colour (0: the others'), what it is."""

    x: float
    y: float
    colour: int
    flagged: bool
    about: str


@dataclass(frozen=True)
class DrawnMap:
    """Points, flagged ones last, on top; the classes of the colours 1 …; whether there are others."""

    points: list[Point]
    classes: list[Class]
    others: bool
    explained: float

    @property
    def flagged(self) -> int:
        """How many points are flagged."""
        return sum(point.flagged for point in self.points)


def drawn_map(found: SampleMap | None, classes: Sequence[Class]) -> DrawnMap | None:
    """Place the rows of a map; None where there is none."""
    if found is None:
        return None
    common = [code for code, _ in Counter(row.given for row in found.rows).most_common(COLOURS)]
    colour = {code: number for number, code in enumerate(sorted(common), 1)}
    points = [
        Point(
            x=round(MARGIN + row.x * (WIDTH - 2 * MARGIN), 1),
            y=round(HEIGHT - MARGIN - row.y * (HEIGHT - 2 * MARGIN), 1),
            colour=colour.get(row.given, 0),
            flagged=row.flagged,
            about=f"{row.id}: {classes[row.given]}"
            + (f", likelier {classes[row.suggestion]}" if row.flagged else ""),
        )
        for row in sorted(found.rows, key=lambda row: row.flagged)
    ]
    named = [classes[code] for code in colour]
    return DrawnMap(points, named, any(not point.colour for point in points), found.explained)
