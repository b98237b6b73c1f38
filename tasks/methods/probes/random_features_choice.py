"""Whether probes of random features foretell labels better than the others, and by which map.

Asked of few rows, so that their sums, which cost more than all others, are made only where they are of use.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from labelworks.tasks.methods.probes.affine import FLAT
from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble, sees, sees_vectors
from labelworks.tasks.methods.probes.fourier_probes import FourierProbes
from labelworks.tasks.methods.probes.opinion_pool import pool_shares
from labelworks.tasks.methods.probes.temperature import fit_scale
from labelworks.tasks.methods.statistics.folds import HOLDOUT
from labelworks.tasks.methods.statistics.random_features import RandomFeatures
from labelworks.tasks.methods.statistics.sums import ClassSums, FoldSums, MappedSums

ASKED, FOLDS = 4096, 3  # rows, and how often a share of them is foretold by the others
FEWEST = 50  # rows, of which nothing is asked
WIDTHS = (0.5, 1.0)  # of the kernel, times the root mean square of the distance of two rows
WORTH = 0.01  # of the log loss, that has to be gained at least: the sums are not for nothing
SURE = 2.0  # standard errors of the gain


def choose_random_features(
    sums: FoldSums,
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    folds: NDArray[np.integer],
    words: NDArray[np.uint32] | None,
    probes: Sequence[str],
    *,
    own_units: bool,
) -> RandomFeatures | None:
    """The map behind which the probes of random features add most to the others; None where they add little.

    Asked of at most ASKED rows, of features (N, D), labels (N,), folds (N,), packed words (N, W), each
    foretold by probes that saw others: the map with the least log loss of the given labels, where that is
    lower by more than WORTH and than chance makes. The fold that a proof holds out is not asked. The map
    follows from `sums` in steps of a power of two, so that it seldom moves as rows come and go.

    own_units: each dimension has a unit of its own, so that maps of scaled dimensions are tried as well.
    """
    named = [name for name in probes if sees("random_features", name)]
    rows = np.flatnonzero(folds != HOLDOUT)
    if not named or len(rows) < FEWEST:
        return None
    rows = np.random.default_rng(0).permutation(rows)[:ASKED]
    spoken = None if words is None else words[rows]
    asked = _Asked(features[rows], labels[rows], spoken, sums.count.shape[1])
    plain = asked.without(probes)
    before = asked.loss(plain)
    candidates = [
        (random, asked.loss(asked.beside(plain, random, named)))
        for random in maps(sums.without(HOLDOUT), own_units=own_units)
    ]
    if not candidates:
        return None
    random, after = min(candidates, key=lambda each: float(each[1].mean()))
    gain = before - after
    sure = SURE * float(gain.std()) / len(gain) ** 0.5
    return random if gain.mean() > max(sure, WORTH * float(before.mean())) else None


def maps(sums: ClassSums, *, own_units: bool) -> Iterator[RandomFeatures]:
    """The maps that are tried, by the means and variances of the dimensions."""
    rows = max(float(sums.count.sum()), 1.0)
    mean, square = sums.total.sum(axis=0) / rows, np.diagonal(sums.gram) / rows
    variance = square - mean**2
    there = variance > FLAT * square
    if not there.any():
        return
    spread = np.sqrt(np.where(there, variance, 1.0))
    unit = _steps(spread, 1.0)
    centre = np.round(mean / unit) * unit if own_units else np.zeros(len(mean))
    for units in (np.ones(len(spread)), unit)[: 1 + own_units]:
        scale = np.where(there, units, np.inf)
        apart = float(np.sqrt(2 * np.sum((spread / scale) ** 2)))
        for width in WIDTHS:
            wide = _steps(np.array(width * apart), 0.5)
            yield RandomFeatures(centre.astype(np.float32), (scale * wide).astype(np.float32))


def _steps(values: NDArray[np.float64], octaves: float) -> NDArray[np.float64]:
    """Values to the nearest of steps of so many powers of two."""
    return np.asarray(2.0 ** (np.round(np.log2(values) / octaves) * octaves))


@dataclass(frozen=True, eq=False)
class _Asked:
    """Rows that are asked: features (N, D), labels (N,) in [0, classes), packed words (N, W)."""

    features: NDArray[np.floating]
    labels: NDArray[np.integer]
    words: NDArray[np.uint32] | None
    classes: int

    @property
    def parts(self) -> NDArray[np.intp]:
        """Their parts (N,), each foretold by the others."""
        return np.arange(len(self.labels)) % FOLDS

    def without(self, probes: Sequence[str]) -> NDArray[np.float32]:
        """Log-probabilities (N, K) by the other probes, of those that see labels."""
        others = [name for name in probes if not (sees("random_features", name) or sees("class_names", name))]
        if not any(map(sees_vectors, others)):
            others.append("prototype")
        sums = FoldSums.of(self.features, self.labels, self.parts, FOLDS, self.classes, self.words)
        ensemble = ProbeEnsemble.fit(sums, others)
        ensemble = ensemble.calibrate(self.features, self.labels, self.parts, self.words)
        return ensemble.log_probs(self.features, self.parts, self.words)

    def beside(
        self, plain: NDArray[np.float32], random: RandomFeatures, probes: Sequence[str]
    ) -> NDArray[np.floating]:
        """Logits (N, K) by the others, which say `plain` (N, K), and those behind the map."""
        mapped = MappedSums.of(self.features, self.labels, self.parts, FOLDS, self.classes, random)
        opinions = FourierProbes.fit(mapped, probes).logits(self.features, self.parts)
        opinions = [plain, *(opinion * fit_scale(opinion, self.labels) for opinion in opinions)]
        shares = pool_shares(opinions, self.labels)
        return np.asarray(sum(share * opinion for share, opinion in zip(shares, opinions, strict=True)))

    def loss(self, logits: NDArray[np.floating]) -> NDArray[np.float64]:
        """Log loss of the labels (N,)."""
        own = logits[np.arange(len(self.labels)), self.labels]
        return np.asarray(logsumexp(logits, axis=1) - own, dtype=np.float64)
