"""What labels are inferred by, once fitted: of the rows that it was fitted on, or of any others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.label_kinds import SOFT
from labelworks.tasks.methods.arrays import evenly
from labelworks.tasks.methods.neighbours.cosine import Reference
from labelworks.tasks.methods.noise.rule_posterior import independence
from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.statistics.random_features import RandomFeatures
from labelworks.tasks.methods.treatment.imprecise.core.evidence import Evidence, Part
from labelworks.tasks.methods.treatment.imprecise.core.fitting import (
    BY_PROPENSITY,
    Data,
    Fitted,
    first_probes,
    fit,
)
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Marks
from labelworks.tasks.methods.treatment.imprecise.core.propensity import estimate_propensity
from labelworks.tasks.methods.treatment.imprecise.core.pseudo_labels import PseudoJudge, let_in
from labelworks.tasks.methods.treatment.imprecise.soft import mix_of

Options = Mapping[str, Mapping[str, Any]]  # of each kind, by name
Blocks = Iterator[tuple[NDArray[np.intp], NDArray[np.float32]]]
RULES = "rules"
LOOKED_AT = 20_000  # rows by which it is told whether probes repeat rules


@dataclass(frozen=True)
class Inference:
    """Probes of EM, what rows without a label are judged by, and what kinds were found to mean.

    judge: None where no row was without a label. random: features that the probes map rows to. independent:
    how far the probes do more than repeat rules, in [0, 1]; mix (K,): of the rows with a label.
    """

    ensemble: ProbeEnsemble
    options: Options
    n_folds: int
    probes: tuple[str, ...]
    judge: PseudoJudge | None
    bank: Reference | None
    random: RandomFeatures | None
    independent: float
    mix: NDArray[np.float32]

    @classmethod
    def of(cls, data: Data, found: Fitted, options: Options) -> Inference:
        """What was found on rows that are all at hand."""
        judge = let_in(data, found) if len(data.evidence.unlabelled) else None
        bank = None if judge is None else judge.around.bank(data.features)
        return cls(
            found.ensemble, options, data.n_folds, tuple(data.probes), judge, bank, data.random,
            apart_from_rules(data), found.mix.astype(np.float32),
        )  # fmt: skip

    def data(
        self,
        marks: Marks,
        kinds: NDArray[Any],
        features: NDArray[np.floating],
        folds: NDArray[np.integer],
        bags: NDArray[Any] | None = None,
    ) -> Data:
        """Other rows (m,), as `blocks` takes them: marks (m, K), kinds (m,), features (m, D), folds (m,)."""
        evidence = Evidence.of(marks, kinds, bags=bags, options=self.options)
        return Data(features, folds, self.n_folds, evidence, self.probes, self.random)

    def blocks(self, data: Data) -> Blocks:
        """Every row's posterior, a block at a time, by kind; of the rows that it was fitted on."""
        for rows, posterior, _ in data.posteriors(self.ensemble):
            yield rows, self._beside_rules(data, rows, posterior)
        for rows, posterior in self._unlabelled(data):
            yield rows, self._without_rules(posterior)

    def _unlabelled(self, data: Data) -> Blocks:
        if self.judge is not None and len(data.evidence.unlabelled):
            yield from self.judge.unlabelled(data)
            return
        for start in range(0, len(data.evidence.unlabelled), data.width):
            rows = data.evidence.unlabelled[start : start + data.width]
            yield rows, data.probs(self.ensemble, rows)

    def _beside_rules(
        self, data: Data, rows: NDArray[np.intp], posterior: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The posterior (n, K) of labelled rows; where probes repeat rules, the mean of both is instead."""
        of = data.evidence.of_kind(RULES)
        if self.independent >= 1 or of is None or rows[0] not in of.rows:
            return posterior
        by_rules = _by_rules(of, np.searchsorted(of.rows, rows), self.mix)
        mean = (by_rules + data.probs(self.ensemble, rows)) / 2
        return np.asarray(self.independent * posterior + (1 - self.independent) * mean, np.float32)

    def _without_rules(self, posterior: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same of rows without a label, of which rules say no more than the class mix does."""
        if self.independent >= 1:
            return posterior
        mean = (self.mix + posterior) / 2
        return np.asarray(self.independent * posterior + (1 - self.independent) * mean, np.float32)

    def elsewhere(self, data: Data) -> Blocks:
        """The same of other rows."""
        if self.judge is None or self.bank is None:
            return self.blocks(data)
        around = self.judge.around.elsewhere(data.features, data.evidence.unlabelled, self.bank)
        return replace(self, judge=replace(self.judge, around=around)).blocks(data)

    def to_send(self) -> Inference:
        """The same without what only the rows need that it was fitted on."""
        if self.judge is None:
            return self
        around = replace(self.judge.around, place=np.zeros(0, np.int32), near=self.judge.around.near[:0])
        return replace(self, judge=replace(self.judge, around=around))


def apart_from_rules(data: Data) -> float:
    """How far probes do more than repeat the rules that rows are told by, in [0, 1]; 1 where there are none.

    They are fitted on what was observed alone: rounds of both would have them agree.
    """
    of = data.evidence.of_kind(RULES)
    if of is None:
        return 1.0
    first = first_probes(data)
    places = np.arange(len(of.rows))[evenly(len(of.rows), LOOKED_AT)]
    mix = of.given(slice(0, len(of.rows))).mean(axis=0)
    return independence(data.probs(first, of.rows[places]), _by_rules(of, places, mix / mix.sum()))


def _by_rules(of: Part, places: NDArray[np.intp], mix: NDArray[np.floating]) -> NDArray[np.float32]:
    """P(class) (n, K) of rows by what rules say of them and the class mix (K,)."""
    joint = of.given(places) * mix
    return np.asarray(joint / joint.sum(axis=1, keepdims=True), np.float32)


def infer_from(
    marks: Marks,
    kinds: NDArray[Any],
    features: NDArray[np.floating],
    folds: NDArray[np.integer],
    n_folds: int,
    *,
    probes: Sequence[str],
    bags: NDArray[Any] | None = None,
    options: Options | None = None,
) -> tuple[Data, Fitted, Inference]:
    """Fit on rows (N,) that are all at hand, as `infer` takes them."""
    known = settled(marks, kinds, features, folds, n_folds, probes, options or {})
    evidence = Evidence.of(marks, kinds, bags=bags, options=known)
    data, fitted = fit(Data(features, folds, n_folds, evidence, probes))
    return data, fitted, Inference.of(data, fitted, known)


def settled(
    marks: Marks,
    kinds: NDArray[Any],
    features: NDArray[np.floating],
    folds: NDArray[np.integer],
    n_folds: int,
    probes: Sequence[str],
    given: Options,
) -> Options:
    """The options of the kinds, with what of them is told by all rows together where it isn't given."""
    options = {kind: dict(said) for kind, said in given.items()}
    positives, shared = np.flatnonzero(kinds == BY_PROPENSITY), np.flatnonzero(kinds == SOFT)
    if len(positives) and "propensity" not in options.setdefault(BY_PROPENSITY, {}):
        chance = estimate_propensity(marks[positives], features[positives], folds[positives], n_folds, probes)
        options[BY_PROPENSITY]["propensity"] = chance
    if len(shared) and "prior" not in options.setdefault(SOFT, {}):
        options[SOFT]["prior"] = mix_of(marks[shared])
    return options
