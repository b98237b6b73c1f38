"""Windows of time: keys of rows, days, hours or numbers, put together to windows with names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.arrays import Floats

Unit = Literal["day", "hour", "number"]
CODES = {"hour": "h", "day": "D", "week": "W", "month": "M", "quarter": "M", "year": "Y"}
MOST = 48  # windows, where nobody says how long one is
LIMIT = 500


@dataclass(frozen=True)
class Calendar:
    """`names` of W windows in order, and `starts` (W,): the first key of each; `by`: what they are."""

    names: tuple[str, ...]
    starts: Floats
    by: str

    def of(self, keys: Floats) -> NDArray[np.int64]:
        """The window of each key (N,), -1 where it has none."""
        place = np.searchsorted(self.starts, keys, side="right") - 1
        return np.asarray(np.where(np.isnan(keys), -1, place), dtype=np.int64)


def calendar(keys: Floats, rows: NDArray[np.integer], unit: Unit, by: str = "auto") -> Calendar:
    """Windows that hold these different keys (J,), each of which has so many rows (J,).

    unit: what a key is: a number, or days or hours since 1970. by: the length of a window; auto: the shortest
    of which there are at most 48, of numbers so many of about equal rows. Raises ConfigError.
    """
    order = np.argsort(keys)
    keys, rows = keys[order], rows[order]
    if unit == "number":
        return _of_numbers(keys, rows, by)
    if by != "auto":
        return _checked(_of_times(keys, unit, by))
    choices = [code for code in CODES if code != "hour" or unit == "hour"]
    made = (_of_times(keys, unit, choice) for choice in choices)
    return next(
        (calendar_of for calendar_of in made if len(calendar_of.names) <= MOST), _of_times(keys, unit, "year")
    )


def _of_times(keys: Floats, unit: str, by: str) -> Calendar:
    times = keys.astype(np.int64).astype(f"datetime64[{CODES[unit]}]")
    floors = times.astype(f"datetime64[{CODES[by]}]")
    if by == "quarter":
        floors = (floors.astype(np.int64) // 3 * 3).astype("datetime64[M]")
    if by == "week":  # numpy's weeks begin on Thursdays, as 1970 did
        days = times.astype("datetime64[D]").astype(np.int64)
        floors = (days - (days + 3) % 7).astype("datetime64[D]")
    floors = np.unique(floors)
    starts = floors.astype(f"datetime64[{CODES[unit]}]").astype(np.float64)
    return Calendar(tuple(_name(floor, by) for floor in floors), starts, by)


def _name(start: np.datetime64, by: str) -> str:
    text = str(start)
    return f"{text[:4]} Q{(int(text[5:7]) + 2) // 3}" if by == "quarter" else text


def _of_numbers(keys: Floats, rows: NDArray[np.integer], by: str) -> Calendar:
    if by != "auto":
        raise ConfigError(
            f"windows by {by} need times, and dataset.time holds numbers",
            where="detect.windows.by",
            fix="take auto: a window for each number, or ranges of them",
        )
    place = np.arange(len(keys))
    if len(keys) > MOST:
        place = np.minimum((np.cumsum(rows) - rows / 2) * MOST // rows.sum(), MOST - 1).astype(np.int64)
    _, first = np.unique(place, return_index=True)
    last = np.append(first[1:], len(keys)) - 1
    names = [
        f"{keys[a]:g}" if a == b else f"{keys[a]:g} to {keys[b]:g}" for a, b in zip(first, last, strict=True)
    ]
    return Calendar(tuple(names), keys[first], "number")


def _checked(found: Calendar) -> Calendar:
    if len(found.names) > LIMIT:
        raise ConfigError(
            f"{len(found.names)} windows by {found.by}, {LIMIT} are the most",
            where="detect.windows.by",
            fix="take longer windows, or auto",
        )
    return found
