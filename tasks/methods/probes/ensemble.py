"""Out-of-sample probabilities: every probe, fitted without the row's own fold, averaged in log space.

Probes of words, of random features and of cells are opinions beside that average; how much each counts for is
fitted on rows out of sample.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.probes.affine import Affine, standardised
from labelworks.tasks.methods.probes.fourier_probes import FourierProbes
from labelworks.tasks.methods.probes.opinion_pool import pool_shares
from labelworks.tasks.methods.probes.temperature import fit_scale
from labelworks.tasks.methods.probes.trees.tree_probe import TreeProbe
from labelworks.tasks.methods.probes.words_by_class import WordProbes
from labelworks.tasks.methods.probes.zero_shot import ClassNames
from labelworks.tasks.methods.registry import get
from labelworks.tasks.methods.statistics.float16 import single
from labelworks.tasks.methods.statistics.sums import BLOCK, ClassSums, FoldSums

Linear = tuple[NDArray[np.float64], NDArray[np.float64]]
Adapt = Callable[[ClassSums], Affine | None]
TEMPERED = 4096  # rows


@dataclass(frozen=True)
class ProbeEnsemble:
    """Linear probes by fold, and one inverse temperature a probe plus one for their average.

    `models[fold]` saw every fold but that one; the last entry saw them all. `scales` is (P + 1,). `words` and
    `fourier`: probes of words and of random features, if there are any, whose logits are added; once
    calibrated, one that is all of them. `of_cells`: probes of the cells of tables, which are fitted on rows;
    `trees`: those of them that add to the others, and what these count for then.
    """

    names: tuple[str, ...]
    models: tuple[tuple[Linear, ...], ...]
    scales: NDArray[np.float64]
    words: WordProbes | None = None
    fourier: FourierProbes | None = None
    of_cells: tuple[str, ...] = ()
    trees: tuple[TreeProbe, ...] = ()
    beside_trees: float = 1.0

    @classmethod
    def fit(
        cls,
        sums: FoldSums,
        names: Sequence[str],
        *,
        exclude: Sequence[int] = (),
        adapt: Adapt | None = None,
        class_names: ClassNames | None = None,
    ) -> ProbeEnsemble:
        """Fit every probe for every fold from merged sums; folds in `exclude` are seen by none.

        adapt: learns a map of the embedding from the same sums, so without the fold too; class_names: for
        probes that see those and no rows. Probes of words are left out where rows have none, those of random
        features where the sums have none.
        """
        of_words = [name for name in names if sees("words", name)]
        words = WordProbes.fit(sums, of_words, exclude) if of_words and sums.words is not None else None
        of_mapped = [name for name in names if sees("random_features", name)]
        fourier = FourierProbes.fit(sums.mapped, of_mapped, exclude) if of_mapped and sums.mapped else None
        of_cells = tuple(name for name in names if sees("cells", name))
        names = [name for name in names if sees_vectors(name)]
        seen = sums.of_vectors
        views = [seen.without(fold, *exclude) for fold in range(sums.n_folds)] + [seen.without(*exclude)]
        models = tuple(_fitted(names, view, adapt, class_names) for view in views)
        return cls(tuple(names), models, np.ones(len(names) + 1), words, fourier, of_cells)

    def calibrate(
        self,
        features: NDArray[np.floating],
        labels: NDArray[np.integer],
        folds: NDArray[np.integer],
        words: NDArray[np.uint32] | None = None,
        cells: NDArray[np.uint32] | None = None,
    ) -> ProbeEnsemble:
        """Fit the temperatures on out-of-sample rows: features (N, D), labels (N,), folds (N,), words (N, W).

        Probes that need rows are fitted on these first, those of cells (N, C), packed, last of
        all. TEMPERED rows say enough of a temperature.
        """
        models = _with_rows(self.names, self.models, (features, labels, folds))
        rows = np.random.default_rng(0).permutation(len(folds))[:TEMPERED]
        rows = rows[np.argsort(folds[rows], kind="stable")]
        chosen = features[rows], labels[rows], folds[rows]
        scaled = replace(self, models=models)._scaled(*chosen)
        pooled = scaled._pooled(*chosen, None if words is None else words[rows])
        if cells is None or not self.of_cells:
            return pooled
        return pooled._beside_trees(pooled.log_probs(features, folds, words), labels, folds, cells)

    def _scaled(
        self, features: NDArray[np.floating], labels: NDArray[np.integer], folds: NDArray[np.integer]
    ) -> ProbeEnsemble:
        """The same probes with their temperatures."""
        scales = np.ones(len(self.scales))
        for probe in range(len(self.names)):
            alone = tuple(models[probe] for models in self.models)
            scales[probe] = fit_scale(_logits(alone, features, folds), labels)
        average = replace(self, scales=scales)
        scales[-1] = fit_scale(_logits(average.joint, features, folds), labels)
        return replace(self, scales=scales)

    def _pooled(
        self,
        features: NDArray[np.floating],
        labels: NDArray[np.integer],
        folds: NDArray[np.integer],
        words: NDArray[np.uint32] | None,
    ) -> ProbeEnsemble:
        """The same with what the average, each probe of words and each of random features count for."""
        spoken, opinions = self.words if words is not None else None, [_logits(self.joint, features, folds)]
        if spoken:
            opinions += [spoken.logits(place, words, folds) for place in range(len(spoken.names))]
        of_words = len(opinions)
        mapped = self.fourier.logits(features, folds) if self.fourier else []
        scales = [fit_scale(opinion, labels) for opinion in mapped]
        opinions += [scale * opinion for scale, opinion in zip(scales, mapped, strict=True)]
        if len(opinions) == 1:
            return self
        shares = pool_shares(opinions, labels)
        return replace(
            self,
            scales=np.append(self.scales[:-1], self.scales[-1] * shares[0]),
            words=spoken.mixed(shares[1:of_words].tolist()) if spoken else self.words,
            fourier=self.fourier and self.fourier.mixed((shares[of_words:] * scales).tolist()),
        )

    def _beside_trees(
        self,
        others: NDArray[np.float32],
        labels: NDArray[np.integer],
        folds: NDArray[np.integer],
        cells: NDArray[np.uint32],
    ) -> ProbeEnsemble:
        """The same with those trees that add to what it says without them, which is others (N, K)."""
        fitted = [
            TreeProbe.fit(name, cells, labels, folds, others, len(self.models) - 1) for name in self.of_cells
        ]
        trees = [probe for probe in fitted if probe is not None]
        if not trees:
            return self
        rows = np.random.default_rng(0).permutation(len(folds))[:TEMPERED]
        opinions = [others[rows], *(probe.logits(cells[rows], folds[rows]) for probe in trees)]
        shares = pool_shares(opinions, labels[rows]).tolist()
        heard = tuple(probe.counting(share) for probe, share in zip(trees, shares[1:], strict=True))
        return replace(self._counting(shares[0]), trees=heard, beside_trees=shares[0])

    def _counting(self, share: float) -> ProbeEnsemble:
        """The same whose logits count for so much."""
        fourier = self.fourier
        if fourier is not None:
            kept = tuple(share * kept_share for kept_share in fourier.shares)
            fourier = replace(fourier.mixed([share]), shares=kept)
        scales = np.append(self.scales[:-1], self.scales[-1] * share)
        return replace(self, scales=scales, words=self.words and self.words.mixed([share]), fourier=fourier)

    def as_sure_as(self, other: ProbeEnsemble) -> ProbeEnsemble:
        """The same probes with the temperatures and shares of others of their names, which are calibrated.

        For probes of vectors and of random features: of rows that were seen no temperature can be learnt.
        """
        fourier = self.fourier and other.fourier and self.fourier.mixed(other.fourier.shares)
        return replace(self, scales=other.scales, fourier=fourier)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.models[-1][0][1])

    @cached_property
    def joint(self) -> tuple[Linear, ...]:
        """The average of the scaled log-probabilities by fold, which is one linear model and a softmax."""
        shares = self.scales[:-1] * (self.scales[-1] / len(self.names))
        return tuple(
            (
                sum(share * weights for share, (weights, _) in zip(shares, models, strict=True)),
                sum(share * intercept for share, (_, intercept) in zip(shares, models, strict=True)),
            )
            for models in self.models
        )

    def log_probs(
        self,
        features: NDArray[np.floating],
        folds: NDArray[np.integer] | None = None,
        words: NDArray[np.uint32] | None = None,
        cells: NDArray[np.uint32] | None = None,
    ) -> NDArray[np.float32]:
        """Log-probabilities (N, K) of rows (N, D) by probes that did not see their fold (None: by all).

        words (N, W), cells (N, C): packed, where probes see them. Raises InputError where they are missing.
        """
        if folds is None:
            folds = np.full(len(features), len(self.models) - 1)
        logits = _logits(self.joint, features, folds)
        if self.words is not None:
            for place in range(len(self.words.names)):
                logits += self.words.logits(place, words, folds)
        if self.fourier is not None:
            logits += sum(self.fourier.logits(features, folds))
        for probe in self.trees:
            logits += probe.logits(cells, folds)
        logits -= logits.max(axis=1, keepdims=True)
        logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return logits


def sees(what: str, name: str) -> bool:
    """Whether a probe needs that, as "words" or "random_features"."""
    return what in get("probes", name).needs


def sees_vectors(name: str) -> bool:
    """Whether a probe is of the vectors as they are, so that there always is one."""
    return not any(sees(what, name) for what in ("words", "random_features", "cells"))


def _fitted(
    names: Sequence[str], view: ClassSums, adapt: Adapt | None, class_names: ClassNames | None
) -> tuple[Linear, ...]:
    """The probes of a view, as linear models of the rows before they are mapped.

    Without another map, columns are brought to a spread of 1: no probe goes by the units they are written in.
    """
    map_ = (adapt(view) if adapt else None) or standardised(view)
    seen = map_.sums(view)
    fitted: list[Linear] = []
    for name in names:
        method = get("probes", name)
        if "rows" in method.needs:  # a place to start from, until there are rows
            method = get("probes", "lda")
        of_names = "class_names" in method.needs
        weights, intercept = method.target(class_names if of_names else seen)
        if not of_names:
            weights, intercept = map_.before(weights, intercept)
        fitted.append((weights, intercept))
    return tuple(fitted)


def _with_rows(
    names: Sequence[str],
    models: tuple[tuple[Linear, ...], ...],
    sample: tuple[NDArray[np.floating], NDArray[np.integer], NDArray[np.integer]],
) -> tuple[tuple[Linear, ...], ...]:
    """The models (fold, probe), those that need rows fitted on the sample's rows outside their fold.

    The last one, which may see all rows, is the average of the folds'; so is that of a fold of which the
    sample has no row, which is out of sample there. Of a sample in one fold, that fold keeps what it has.
    """
    of_rows = [place for place, name in enumerate(names) if "rows" in get("probes", name).needs]
    if not of_rows:
        return models
    features, labels, folds = sample
    present, classes = np.unique(folds).tolist(), len(models[-1][0][1])
    heard = [list(model) for model in models]
    for place in of_rows:
        fit = get("probes", names[place]).target
        for fold in present if len(present) > 1 else ():
            keep = folds != fold
            heard[fold][place] = fit(features[keep], labels[keep], classes)
        several = len(present) > 1
        whole = _mean([heard[fold][place] for fold in present]) if several else fit(features, labels, classes)
        for fold in set(range(len(models))).difference(present):
            heard[fold][place] = whole
    return tuple(map(tuple, heard))


def _mean(models: Sequence[Linear]) -> Linear:
    weights, intercepts = zip(*models, strict=True)
    return np.mean(weights, axis=0), np.mean(intercepts, axis=0)


def _logits(
    models: Sequence[Linear], features: NDArray[np.floating], folds: NDArray[np.integer]
) -> NDArray[np.float32]:
    """Logits (N, K) of rows (N, D), each by the model of its fold (N,)."""
    logits = np.empty((len(features), models[0][1].shape[0]), dtype=np.float32)
    for fold in np.unique(folds):
        weights, intercept = (part.astype(np.float32) for part in models[fold])
        rows = np.flatnonzero(folds == fold)
        for start in range(0, len(rows), BLOCK):
            take = rows[start : start + BLOCK]
            logits[take] = single(features[take]) @ weights + intercept
    return logits
