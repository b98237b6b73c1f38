"""What a few rows that people looked at say of all: `sample_audit`, `estimate_with_audit`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.classes import audited_labels, coded, plain
from labelworks.flows.notebook.inputs.columns import length
from labelworks.flows.notebook.label_errors import LabelErrors
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.schemas.errors import ConfigError
from labelworks.schemas.percentages import percent
from labelworks.tasks.methods.audit.allocation import audit_sample
from labelworks.tasks.methods.audit.audited import Audited
from labelworks.tasks.methods.audit.share import ShareEstimate, estimate_share

NOISE, ACCURACY = "wrong labels", "right predictions"
CLASS = "truly "  # begins the name of a class's share


@dataclass(frozen=True, eq=False, repr=False)
class AuditEstimates(Shown):
    """Shares of all rows by a few that people looked at, given by `estimate_with_audit`.

    Attributes
    ----------
    noise_rate : ShareEstimate
        The share of wrong labels: `.value`, `.interval`, `.proxy_mean` as the model alone would have it, and
        `.classical`, the interval by the rows looked at alone.
    prevalence : dict of ShareEstimate
        By class: the share of rows that truly are of it.
    accuracy : ShareEstimate or None
        The share of predictions that are right, where some were given.
    """

    noise_rate: ShareEstimate
    prevalence: dict[Any, ShareEstimate]
    accuracy: ShareEstimate | None = None

    def to_pandas(self) -> pd.DataFrame:
        """A row a share."""
        shares = {NOISE: self.noise_rate} | ({ACCURACY: self.accuracy} if self.accuracy else {})
        shares |= {f"{CLASS}{name}": share for name, share in self.prevalence.items()}
        rows = [
            {
                "value": share.value,
                "low": share.interval[0],
                "high": share.interval[1],
                "model": share.proxy_mean,
                "classical_low": share.classical[0],
                "classical_high": share.classical[1],
            }
            for share in shares.values()
        ]
        return pd.DataFrame(rows, pd.Index(list(shares), name="share of rows"))

    @property
    def summary(self) -> str:
        """The noise rate, in a line."""
        low, high = (percent(end) for end in self.noise_rate.interval)
        rate = f"{percent(self.noise_rate.value)} of the labels are wrong ({low} to {high})"
        return f"{rate}, by {several(self.noise_rate.looks, 'row')} looked at"


def sample_audit(findings: LabelErrors, looks: int = 200, *, seed: int = 0) -> pd.DataFrame:
    """Choose rows to look at, so that shares of all rows can be told from few.

    Parameters
    ----------
    findings : LabelErrors
        What `find_label_errors` found.
    looks : int, default 200
        How many rows people will look at. Half of them are spread evenly over rows of all error
        probabilities, half lie where these leave most doubt.
    seed : int, default 0
        Of the draw.

    Returns
    -------
    DataFrame
        A row a look, with `row`, `label`, `error_probability` and `shown`, the probability with which the
        row was chosen: keep it for `estimate_with_audit`.

    Raises
    ------
    ConfigError
        Fewer than two looks.

    Notes
    -----
    Sources: Neyman (1934), the allocation; Dalenius & Hodges (1959), the strata.

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> true = np.array(["cat", "dog"])[rng.integers(0, 2, 400)]
    >>> features = np.where(true == "dog", 9, 0)[:, None] + rng.normal(size=(400, 2))
    >>> found = lw.find_label_errors(true, features=features)
    >>> lw.sample_audit(found, 50).columns.tolist()
    ['row', 'label', 'error_probability', 'shown']
    """
    rows, shown = audit_sample(findings.error_probability, looks, seed=seed)
    return pd.DataFrame(
        {
            "row": rows,
            "label": findings.labels[rows],
            "error_probability": findings.error_probability[rows],
            "shown": shown,
        },
        findings.index[rows],
    )


def estimate_with_audit(
    findings: LabelErrors,
    audited: tuple[Any, Any],
    shown: Any = None,
    *,
    predictions: Any = None,
    confidence: float = 0.95,
) -> AuditEstimates:
    """Estimate noise rate, prevalences and accuracy of all rows from a few that people looked at.

    Parameters
    ----------
    findings : LabelErrors
        What `find_label_errors` found: a model of all rows, which may be bad. A good one makes the intervals
        narrow, a bad one leaves them about as wide as without any.
    audited : tuple of two array-likes of shape (n,)
        Numbers of rows that people looked at, and their right labels; None where a row is of no class.
    shown : array-like of shape (n,), optional
        The probability with which each was chosen, as `sample_audit` gives it. Left out, rows are taken to
        be as likely as others of like probabilities.
    predictions : array-like of shape (N,), optional
        Classes by a model of yours, whose accuracy is estimated too.
    confidence : float, default 0.95
        Of the intervals.

    Returns
    -------
    AuditEstimates
        `.noise_rate`, `.prevalence`, `.accuracy`; `.to_pandas()` has a row a share.

    Raises
    ------
    InputError
        Rows that aren't there, come twice, or have a label that is no class; a probability of 0.
    ConfigError
        Findings without a posterior, or a confidence that is none.

    Notes
    -----
    It assumes that people are right. Sources: Egami et al. (2023), design-based supervised learning;
    Angelopoulos, Duchi & Zrnic (2023), PPI++; strata and the ends of rare shares are of this project, after
    Fay & Feuer (1997).

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> true = np.array(["cat", "dog"])[rng.integers(0, 2, 2000)]
    >>> features = np.where(true == "dog", 3, 0)[:, None] + rng.normal(size=(2000, 2))
    >>> labels = np.where(rng.random(2000) < 0.2, "cat", true)
    >>> found = lw.find_label_errors(labels, features=features)
    >>> looks = lw.sample_audit(found, 100)
    >>> people = true[looks["row"]]
    >>> told = lw.estimate_with_audit(found, (looks["row"], people), looks["shown"])
    >>> low, high = told.noise_rate.interval
    >>> bool(low < (labels != true).mean() < high)
    True
    """
    if findings.posterior is None:
        fix = "call find_label_errors with posterior=True, its default"
        raise ConfigError("findings have no posterior", where="findings", fix=fix)
    if not 0 < confidence < 1:
        fix = "give a number between 0 and 1"
        raise ConfigError(f"confidence is {confidence}", where="estimate_with_audit", fix=fix)
    given = coded(findings.labels, None, plain(findings.classes)).codes
    named, right, chance = audited_labels(audited, shown, findings.classes)
    rows = Audited.checked(named, right, chance, len(given)).rows

    def told(proxy: NDArray[Any], so: NDArray[np.bool_]) -> ShareEstimate:
        return estimate_share(np.clip(proxy, 0, 1), rows, so, chance, confidence=confidence)

    called = None if predictions is None else _predicted(predictions, findings)
    places = np.arange(len(given))
    noise = told(findings.error_probability, given[rows] != right)
    shares = {
        name: told(findings.posterior[:, code], right == code)
        for code, name in enumerate(plain(findings.classes))
    }
    accuracy = None if called is None else told(findings.posterior[places, called], called[rows] == right)
    return AuditEstimates(noise, shares, accuracy)


def _predicted(predictions: Any, findings: LabelErrors) -> NDArray[np.int64]:
    called = coded(predictions, None, plain(findings.classes)).codes
    length("predictions", len(called), len(findings.labels))
    return called
