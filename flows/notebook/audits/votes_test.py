"""Whether labels made of votes are better than those that most gave: `test_votes`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.flows.notebook.votes import read_votes
from labelworks.tasks.methods.crowd import Votes, aggregate
from labelworks.tasks.methods.validation.held_votes import prove_votes
from labelworks.tasks.methods.validation.publish_when import points


@dataclass(frozen=True, eq=False, repr=False)
class VotesTest(Shown):
    """Whether labels by a method beat those that most annotators gave, given by `test_votes`.

    Attributes
    ----------
    difference, gain : float
        Of the share of right labels; of the log score of a held-out vote.
    interval, gain_interval : tuple of float
        Theirs, of 95 %.
    better : bool
        Whether both lie above 0.
    why_not : str
        Why it isn't, in a sentence; empty if it is.
    held_out, apart : int
        Votes held out; of these, on how many the labels differ.
    method : str
        The method.
    """

    difference: float
    interval: tuple[float, float]
    gain: float
    gain_interval: tuple[float, float]
    better: bool
    why_not: str
    held_out: int
    apart: int
    method: str

    def to_pandas(self) -> pd.DataFrame:
        """A row a figure, with its interval."""
        ends = {"right labels": self.interval, "log score": self.gain_interval}
        rows = [(value, *ends[name]) for name, value in zip(ends, (self.difference, self.gain), strict=True)]
        return pd.DataFrame(rows, pd.Index(list(ends), name="of"), columns=["gain", "low", "high"])

    @property
    def summary(self) -> str:
        """The verdict, in a line."""
        return self.why_not or (
            f"labels by {self.method} are better than those that most gave: "
            f"{points(self.interval)} more are right, {several(self.held_out, 'vote')} held out"
        )


def test_votes(
    votes: Any,
    pred_probs: Any = None,
    method: str = "auto",
    *,
    item: str = "item",
    annotator: str = "annotator",
    label: str = "label",
    classes: Sequence[Any] | None = None,
    seed: int = 0,
) -> VotesTest:
    """Ask votes that were held out whether a method's labels are better than those that most gave.

    Parameters
    ----------
    votes, pred_probs, method, item, annotator, label, classes
        As `aggregate_votes` takes them.
    seed : int, default 0
        By which votes are held out.

    Returns
    -------
    VotesTest
        The difference of right labels and of the log score, with intervals; `.better`.

    Raises
    ------
    InputError
        A column or a value is missing, there are no votes, probabilities don't fit.
    ConfigError
        An unknown method.

    Notes
    -----
    One vote of each item with three or more is held out, twice; it speaks of labels of one vote less. It
    assumes that annotators err apart from each other: an error that most of them make looks right.
    Sources: Dawid & Skene (1979); Gneiting & Raftery (2007).

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> true = rng.integers(0, 3, 500)
    >>> knows = np.array([0.95, 0.95, 0.3, 0.3, 0.3])  # three of five guess
    >>> votes = np.where(rng.random((500, 5)) < knows, true[:, None], rng.integers(0, 3, (500, 5)))
    >>> lw.test_votes(votes).better
    True
    """
    given, probs = read_votes(votes, pred_probs, (item, annotator, label), classes)
    proven = prove_votes(given, partial(_posterior, probs=probs, method=method), seed)
    why = proven.why_not(None)
    return VotesTest(
        difference=proven.difference.value,
        interval=proven.difference.interval,
        gain=proven.gain.value,
        gain_interval=proven.gain.interval,
        better=not why,
        why_not=why,
        held_out=proven.votes,
        apart=proven.apart,
        method=method,
    )


def _posterior(votes: Votes, *, probs: NDArray[Any] | None, method: str) -> NDArray[np.float32]:
    return aggregate(votes, pred_probs=probs, method=method).posterior
