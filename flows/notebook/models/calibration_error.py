"""Whether probabilities are as right as they say: `test_calibration`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.classes import audited_labels, plain
from labelworks.flows.notebook.inputs.columns import in_order, length, matrix
from labelworks.flows.notebook.label_errors import LabelErrors
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.audit.audited import Audited
from labelworks.tasks.methods.inference.calibration_error import Reliability, calibration

AUDITED, POSTERIOR = "rows looked at", "the posterior of the true label"


@dataclass(frozen=True, eq=False, repr=False)
class CalibrationTest(Shown):
    """How probabilities hold, given by `test_calibration`.

    Attributes
    ----------
    pred_probs, posterior : Reliability
        Of the model's probabilities, and of P(true label), which knows the given labels too; each with
        `.error` (ECE), `.overconfidence`, `.brier`, `.log_loss`, and by bin `.confidence`, `.accuracy` and
        `.rows`. Of the posterior None without rows that were looked at: the labels can't tell.
    against : str
        What they are held against.
    rows : int
        How many.
    """

    pred_probs: Reliability | None
    posterior: Reliability | None
    against: str
    rows: int

    def to_pandas(self) -> pd.DataFrame:
        """A row a bin and a kind of probability: what the reliability diagram shows."""
        tables = [
            pd.DataFrame(
                {
                    "of": name,
                    "from": reliability.edges[:-1],
                    "to": reliability.edges[1:],
                    "rows": reliability.rows,
                    "confidence": reliability.confidence,
                    "accuracy": reliability.accuracy,
                }
            )
            for name, reliability in self._each
        ]
        return pd.concat(tables, ignore_index=True)

    @property
    def summary(self) -> str:
        """The calibration errors, in a line."""
        said = ", ".join(
            f"{name} ECE {reliability.error:.3f}, Brier {reliability.brier:.3f}"
            for name, reliability in self._each
        )
        return f"{said}; against {self.against}, {several(self.rows, 'row')}"

    @property
    def _each(self) -> list[tuple[str, Reliability]]:
        both = (("pred_probs", self.pred_probs), ("posterior", self.posterior))
        return [(name, reliability) for name, reliability in both if reliability is not None]


def test_calibration(
    findings: LabelErrors,
    pred_probs: Any = None,
    *,
    audited: tuple[Any, Any] | None = None,
    shown: Any = None,
) -> CalibrationTest:
    """Hold probabilities against true labels: those of a model before, the posterior after.

    Parameters
    ----------
    findings : LabelErrors
        What `find_label_errors` found of the labels of the rows.
    pred_probs : array-like of shape (N, K), optional
        By a model of yours, of the same rows, out of sample.
    audited : tuple of two array-likes of shape (n,), optional
        Numbers of rows that people looked at, and their right labels: then both are held against these. Left
        out, `pred_probs` are held against the posterior, which allows for wrong labels as far as it is right,
        and of the posterior itself nothing can be said.
    shown : array-like of shape (n,), optional
        The probability with which each row was chosen, as `sample_audit` gives it.

    Returns
    -------
    CalibrationTest
        Calibration error, Brier score and log-loss; `.to_pandas()` has the reliability diagram.

    Raises
    ------
    InputError
        Rows are no distributions, shapes don't fit, an answer is no class.
    ConfigError
        Nothing that could be held against anything: neither `pred_probs` nor audited rows.

    Notes
    -----
    Sources: Naeini, Cooper & Hauskrecht (2015), the calibration error by 15 bins of the likeliest class;
    Brier (1950). A calibration error is biased upwards where rows are few: under about 500 read it beside the
    number of rows of each bin.

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> true = rng.integers(0, 2, 4000)
    >>> features = 2 * np.eye(2)[true] + rng.normal(size=(4000, 2))
    >>> labels = np.where(rng.random(4000) < 0.2, 1 - true, true)
    >>> found = lw.find_label_errors(labels, features=features)
    >>> rows = np.arange(0, 4000, 4)
    >>> bool(lw.test_calibration(found, audited=(rows, true[rows])).posterior.error < 0.05)
    True
    """
    if findings.posterior is None:
        fix = "call find_label_errors with posterior=True, its default"
        raise ConfigError("findings have no posterior", where="findings", fix=fix)
    own = None if pred_probs is None else _own(pred_probs, findings)
    if audited is None:
        if own is None:
            raise ConfigError(
                "labels can't tell whether their own posterior is right",
                where="test_calibration",
                fix="give audited= rows, or pred_probs= of a model",
            )
        return CalibrationTest(calibration(own, findings.posterior), None, POSTERIOR, len(own))
    rows, codes, chance = audited_labels(audited, shown, findings.classes)
    looked = Audited.checked(rows, codes, chance, len(findings.labels))
    kept = looked.said >= 0
    places, weight = looked.rows[kept], looked.weight[kept]
    truth = np.eye(len(findings.classes), dtype=np.float32)[looked.said[kept].astype(np.intp)]
    return CalibrationTest(
        None if own is None else calibration(own[places], truth, weight),
        calibration(findings.posterior[places], truth, weight),
        AUDITED,
        len(places),
    )


test_calibration.__test__ = False  # type: ignore[attr-defined]  # pytest: it is no test of ours


def _own(pred_probs: Any, findings: LabelErrors) -> NDArray[np.floating]:
    given = in_order(matrix(pred_probs, "pred_probs"), plain(findings.classes), "pred_probs")
    length("pred_probs", len(given), len(findings.labels), "findings")
    return given
