"""What methods that fit on a sample do alike: check the parts, keep a uniform sample of their rows."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.noise.core.checks import checked
from labelworks.tasks.methods.noise.core.reservoir import Reservoir

HELD = 5_000_000  # numbers held in the sample at most: 20 MB


class SampledModel:
    """A noise method that takes parts into a sample by `update` and fits on it in `finish`."""

    name: ClassVar[str]
    beside: ClassVar[tuple[str, ...]] = ()  # what it sees of a row besides its label and probabilities
    held: ClassVar[int] = HELD
    hears_vote: ClassVar[bool] = False  # fits better where the vote of the nearest rows is known
    chooses_rows: ClassVar[bool] = False  # that it compares others with: it takes no neighbours

    def __init__(self, *, sample: int, seed: int, threshold: float = 0.5) -> None:
        """Keep the options; ConfigError for a sample of less than two rows, or a threshold outside [0, 1]."""
        if sample < 2:
            raise ConfigError(f"sample is {sample}", where=self.name, fix="give 2 rows or more")
        if not 0 <= threshold <= 1:
            raise ConfigError(f"threshold is {threshold}", where=self.name, fix="give one in [0, 1]")
        self._sample, self._seed, self._threshold = sample, seed, threshold
        self._reservoir: Reservoir | None = None
        self._classes: int | None = None
        self._of: int | None = None

    @property
    def rows(self) -> int:
        """How many rows the data has: those of the parts, unless `sampled_from` said otherwise."""
        return self._of or (self._reservoir.seen if self._reservoir else 0)

    @property
    def threshold(self) -> float:
        """The error probability over which rows are flagged, after finish."""
        return self._threshold

    def sampled_from(self, rows: int) -> None:
        """Say, before finish, how many rows the data has of which the parts are a sample."""
        self._of = rows

    def update(
        self,
        labels: ArrayLike,
        pred_probs: Any,
        *,
        neighbour_vote: NDArray[np.integer] | None = None,
        **beside: Any,
    ) -> None:
        """Take a part into the sample: labels (n,) in [0, K), out-of-sample pred_probs (n, K), and `beside`.

        neighbour_vote (n,): the commonest label of the nearest rows, -1 unknown, for methods that hear it.

        Raises InputError naming the first bad row, ConfigError where what it sees beside is not given.
        """
        seen = self._reservoir.seen if self._reservoir else 0
        given, probs = checked(labels, pred_probs, classes=self._classes, first_row=seen)
        columns = self._checked_beside(beside, len(given), first_row=seen)
        if self.hears_vote:
            unknown = np.full(len(given), -1, np.int32)
            columns.append(unknown if neighbour_vote is None else neighbour_vote.astype(np.int32))
        if self._reservoir is None:
            self._classes = probs.shape[1]
            width = self._classes + sum(int(np.prod(column.shape[1:])) for column in columns)
            self._reservoir = Reservoir(max(min(self._sample, self.held // width), 2), self._seed)
        self._reservoir.add(given, probs, *columns)

    def _sampled(self) -> tuple[NDArray[Any], ...]:
        """The sample: labels (n,), probabilities (n, K), and a column for each name of `beside`."""
        if self._reservoir is None or not self._reservoir.seen:
            raise InputError("no rows to fit on", where=self.name, fix="update with at least one row")
        return self._reservoir.sample()

    def _checked_beside(self, beside: dict[str, Any], rows: int, *, first_row: int = 0) -> list[NDArray[Any]]:
        if set(beside) != set(self.beside):
            raise ConfigError(f"{self.name} sees {self.beside}, not {sorted(beside)}", where=self.name)
        columns = [np.asarray(beside[name]) for name in self.beside]
        for name, column in zip(self.beside, columns, strict=True):
            if len(column) != rows:
                raise InputError(f"{name} has {len(column)} rows, labels {rows}", where=self.name)
            bad = ~np.isfinite(column.reshape(rows, -1).astype(np.float64)).all(axis=1)
            if bad.any():
                raise InputError(f"{name} is not finite", where=f"row {first_row + int(bad.argmax())}")
        return columns
