"""Answers about rows, of which each lists classes of its own, as the codes of all classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.judges.audited import TrustBound, shown_right
from labelworks.tasks.methods.judges.pool import UNREAD, Pooled, pool
from labelworks.tasks.methods.treatment.claims import UNLOOKED


@dataclass(frozen=True, eq=False)
class Listed:
    """Of rows (n,) the classes that judges are asked to choose from.

    codes (n, C): of the classes, -1 where there are fewer; posterior (n, C): P(the row is of them); place
    (n,): of the given label among them.
    """

    codes: NDArray[np.int64]
    posterior: NDArray[np.float64]
    place: NDArray[np.int64]

    @classmethod
    def of(
        cls, rows: Sequence[tuple[NDArray[np.int64], NDArray[np.float64]]], given: NDArray[np.integer]
    ) -> Listed:
        """Rows of classes and their posteriors, of whatever lengths; given (n,): codes."""
        widest = max((len(codes) for codes, _ in rows), default=1)
        codes = np.full((len(rows), widest), -1, np.int64)
        posterior = np.zeros((len(rows), widest))
        for row, (listed, claimed) in enumerate(rows):
            codes[row, : len(listed)], posterior[row, : len(listed)] = listed, claimed
        return cls(codes, posterior, (codes == given[:, None]).argmax(axis=1))

    def names(self, row: int, classes: Sequence[str]) -> tuple[str, ...]:
        """The classes that are listed of a row, by name."""
        return tuple(classes[code] for code in self.codes[row] if code >= 0)


def hear(answers: NDArray[np.int32], judge: NDArray[np.integer], listed: Listed, classes: int) -> Pooled:
    """Pool answers (n, V), places among the listed classes of each row, as many for none of them.

    The pooled answer is a code of the K classes, K for none of them, UNREAD where there is none.
    """
    width, said = listed.codes.shape[1], answers.copy()
    said[answers == (listed.codes >= 0).sum(axis=1, keepdims=True)] = width
    pooled = pool(said, judge, listed.place, listed.posterior)
    codes = np.hstack([listed.codes, np.full((len(said), 1), classes)])
    code = codes[np.arange(len(said)), np.maximum(pooled.answer, 0)]
    return replace(pooled, answer=np.where(pooled.answer < 0, UNREAD, code).astype(np.int32))


def trust(
    pooled: Pooled, given: NDArray[np.integer], looked: NDArray[np.integer], classes: int, precision: float
) -> tuple[TrustBound, NDArray[np.bool_]]:
    """What audited rows prove, and of which rows (n,) the label may become the answer.

    looked (n,): the class that people named, K for none of the classes, UNLOOKED where nobody looked. Of rows
    that people looked at only those change on which the judges are right.
    """
    against = (pooled.answer >= 0) & (pooled.answer < classes) & (pooled.answer != given)
    audited, agrees = against & (looked != UNLOOKED), pooled.answer == looked
    shown = shown_right(pooled.sure[audited], agrees[audited], precision)
    return shown, against & (pooled.sure >= shown.over) & (agrees | ~audited)
