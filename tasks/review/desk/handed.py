"""Who looks at which rows: each is handed to one holder at a time, by a lease that ends by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

LEASE_SECONDS = 600.0


class HandedRows:
    """Rows of a queue in groups, of which each is at one holder at a time.

    A lease is renewed whenever its holder asks for rows, and ends LEASE_SECONDS after that.
    """

    def __init__(self, groups: Sequence[Sequence[str]], clock: Callable[[], float] = time.monotonic) -> None:
        self._groups = [tuple(group) for group in groups]
        self._group = {name: number for number, group in enumerate(self._groups) for name in group}
        self._open = set(self._group)
        self._leases: dict[int, tuple[str, float]] = {}
        self._clock = clock

    @property
    def left(self) -> int:
        """How many rows nobody has answered."""
        return len(self._open)

    def take(self, holder: str, most: int) -> list[tuple[str, ...]]:
        """The groups that the holder has, and as many new ones as make `most`; of each the open rows."""
        now = self._clock()
        held = [number for number in self._asked() if self._holder(number, now) == holder]
        free = (number for number in self._asked() if self._holder(number, now) is None)
        mine = [*held, *(number for number, _ in zip(free, range(most - len(held)), strict=False))]
        self._leases |= dict.fromkeys(mine, (holder, now + LEASE_SECONDS))
        return [tuple(name for name in self._groups[number] if name in self._open) for number in sorted(mine)]

    def close(self, names: Collection[str]) -> None:
        """Rows are answered: they are handed to nobody."""
        self._open -= set(names)

    def reopen(self, names: Collection[str], holder: str) -> None:
        """Answers are undone: whoever undid them is asked again."""
        until = self._clock() + LEASE_SECONDS
        for name in self._group.keys() & set(names):
            self._open.add(name)
            self._leases[self._group[name]] = (holder, until)

    def _asked(self) -> list[int]:
        return sorted({self._group[name] for name in self._open})

    def _holder(self, group: int, now: float) -> str | None:
        holder, until = self._leases.get(group, ("", now))
        return holder if until > now else None
