"""What is known of every row's label: out-of-sample probabilities by the probes, then the noise method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.arrays import evenly
from labelworks.tasks.methods.judge_options import JudgeOptions
from labelworks.tasks.methods.neighbours.reference import Neighbourhood
from labelworks.tasks.methods.neighbours.voters import UNASKED, Voters
from labelworks.tasks.methods.noise import NoiseModel, NoiseResult, joined
from labelworks.tasks.methods.noise.core.claims.claim_calibration import ClaimRows
from labelworks.tasks.methods.noise.core.claims.claim_judge import ClaimJudge
from labelworks.tasks.methods.noise.core.result import completed
from labelworks.tasks.methods.noise.pairs import SamplePairs
from labelworks.tasks.methods.open_set.out_of_scope import Scope
from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.probes.zero_shot import ClassNames
from labelworks.tasks.methods.protocols.noise import HearsVote
from labelworks.tasks.methods.registry import get
from labelworks.tasks.methods.statistics.sums import FoldSums

BESIDE = "beside."  # begins the names of such columns
GROUP = "group/"  # begins the names of groups beside a sample
BANK = 4000  # rows that hubs among the class names are measured by
ASKED = 4096  # rows of the sample whose neighbours are sought
JUDGED_PROBABILITIES = 1 << 21  # at a time: 8 MB, and as much again for each step of the noise method


@dataclass(frozen=True)
class Sample:
    """Rows held in memory: features (N, D), given labels (N,), folds (N,).

    beside: (N, K) by name: `pred_probs` of the user's own model, `votes`, the posterior that annotators give;
    `pair` (N, D), vectors by the other tower, NaN where there is none; `words` (N, W), packed, of texts;
    `cells` (N, C), packed, of tables.
    """

    features: NDArray[np.floating]
    given: NDArray[np.int32]
    folds: NDArray[np.int64]
    beside: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Sample:
        """The sample of what `arrays` gave, which may lie among others."""
        names = (name for name in arrays if name.startswith(BESIDE))
        beside = {name.removeprefix(BESIDE): arrays[name] for name in names}
        return cls(arrays["features"], arrays["given"], arrays["folds"], beside)

    @classmethod
    def joined(cls, parts: Sequence[Sample]) -> Sample:
        """One of many, rows one after the other."""
        arrays = [part.arrays for part in parts]
        return cls.of_arrays({name: np.concatenate([array[name] for array in arrays]) for name in arrays[0]})

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it by name, to be kept."""
        named = {f"{BESIDE}{name}": values for name, values in self.beside.items()}
        return {"features": self.features, "given": self.given, "folds": self.folds, **named}

    @property
    def words(self) -> NDArray[np.uint32] | None:
        """Packed words (N, W), where the encoder gives them."""
        return self.beside.get("words")

    @property
    def cells(self) -> NDArray[np.uint32] | None:
        """Packed cells (N, C), where the encoder gives them."""
        return self.beside.get("cells")

    def only(self, rows: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Sample:
        """The rows of a mask (N,), of places or of a range."""
        return Sample.of_arrays({name: values[rows] for name, values in self.arrays.items()})

    def parts(self, rows: int) -> Iterator[Sample]:
        """The rows in their order, so many at a time; of none, one empty part."""
        for start in range(0, max(len(self.given), 1), rows):
            yield self.only(slice(start, start + rows))


@dataclass(frozen=True)
class NoiseJudge:
    """Fitted probes and noise method; judges any row, out of sample by its fold."""

    ensemble: ProbeEnsemble
    noise: NoiseModel
    scope: Scope
    sees: tuple[str, ...] = ()
    around: Neighbourhood | None = None
    pairs: SamplePairs | None = None
    voters: Voters | None = None
    claims: ClaimJudge | None = None

    @classmethod
    def fit(
        cls,
        sums: FoldSums,
        sample: Sample,
        options: JudgeOptions,
        *,
        exclude: Sequence[int] = (),
        class_vectors: NDArray[np.floating] | None = None,
    ) -> NoiseJudge:
        """Fit the probes on the sums, temperatures and noise on the sample, both without excluded folds.

        class_vectors (K, D): the class names as the encoder of the rows sees them, where they are named.
        """
        seen = sample.only(~np.isin(sample.folds, exclude))
        ensemble = fit_probes(sums, seen, options, exclude=exclude, class_vectors=class_vectors)
        method = get("noise", options.noise.method)
        named = {"class_vectors": class_vectors} if "class_names" in method.needs else {}
        noise: NoiseModel = method.target(**options.noise.options, **named)
        around = Neighbourhood.of(seen.features, seen.given) if "neighbours" in method.needs else None
        probs = np.exp(ensemble.log_probs(seen.features, seen.folds, seen.words, seen.cells))
        scope = Scope.fit(sums, seen.features, seen.folds, probs, share=options.out_of_scope, exclude=exclude)
        voters = None if "votes" in method.needs else Voters.of(seen.features, seen.given)
        model = cls(ensemble, noise, scope, method.keywords, around, voters=voters)
        labelled_by = seen.beside.get("pred_probs", probs)
        beside = model._beside(seen)
        vote = model._vote(seen, labelled_by, np.arange(len(seen.given))[evenly(len(seen.given), ASKED)])
        heard = {"neighbour_vote": vote} if isinstance(noise, HearsVote) and noise.hears_vote else {}
        noise.update(seen.given, labelled_by, **beside, **heard)
        noise.sampled_from(int(np.delete(sums.count, list(exclude), axis=0).sum()))
        noise.finish()
        if voters is None:  # votes of people bear out what is claimed by them
            return model
        few = evenly(len(seen.given), model.rows_at_once)
        return replace(model, claims=model._claims(seen.only(few), labelled_by[few], vote[few]))

    def probs(
        self,
        features: NDArray[np.floating],
        folds: NDArray[np.int64] | None = None,
        words: NDArray[np.uint32] | None = None,
        cells: NDArray[np.uint32] | None = None,
    ) -> NDArray[np.float32]:
        """Probabilities (N, K) of the given label: out of sample by fold (N,), or by all rows (None)."""
        return np.exp(self.ensemble.log_probs(features, folds, words, cells))

    def label_probs(self, sample: Sample) -> NDArray[np.float32]:
        """Probabilities (N, K) that labels are judged by: the user's own where given, else the probes'."""
        own = sample.beside.get("pred_probs")
        return self.foretold(sample) if own is None else own

    def foretold(self, sample: Sample) -> NDArray[np.float32]:
        """Probabilities (N, K) of the given labels of rows by the probes, each out of sample."""
        return self.probs(sample.features, sample.folds, sample.words, sample.cells)

    @property
    def threshold(self) -> float:
        """The error probability over which rows are flagged."""
        return self.noise.threshold

    @property
    def rows_at_once(self) -> int:
        """How many rows to judge at a time, so that memory doesn't grow with the number of classes."""
        return max(JUDGED_PROBABILITIES // self.ensemble.n_classes, 1)

    def judge(self, sample: Sample) -> NoiseResult:
        """Judge the given labels of rows."""
        return joined([self._judge(part) for part in sample.parts(self.rows_at_once)])

    def look(self, sample: Sample) -> tuple[NoiseResult, NDArray[np.float32], dict[str, NDArray[np.float32]]]:
        """Judge the labels of rows (N,), and say how far these are of any class at all (low = of none).

        Also by name the probabilities (N, K) of each model there is: the probes, and the user's own.
        """
        probs = self.foretold(sample)
        in_scope = self.scope.score(sample.features, sample.folds, probs)
        own = {name: sample.beside[name] for name in ("pred_probs",) if name in sample.beside}
        return self._found(sample, own.get("pred_probs", probs)), in_scope, {"probes": probs, **own}

    def with_pairs(self, sample: Sample) -> NoiseJudge:
        """The same, which also tells mismatched pairs, by those of a sample that has any."""
        others = sample.beside.get("pair")
        if others is None:
            return self
        return replace(self, pairs=SamplePairs.fit(sample.features, others, sample.folds))

    def mismatch(self, sample: Sample) -> NDArray[np.float32]:
        """Probability (N,) that the vector of a row and its pair don't belong together; NaN: no pair."""
        if self.pairs is None:
            return np.full(len(sample.given), np.nan, np.float32)
        return self.pairs.mismatch(sample.features, sample.beside["pair"], sample.folds)

    def difference(self, other: NoiseJudge, sample: Sample) -> float:
        """How far another model's error probabilities lie: the mean distance in the class where most."""
        apart = np.abs(self.judge(sample).error_probability - other.judge(sample).error_probability)
        rows = np.bincount(sample.given)
        return float(np.max(np.bincount(sample.given, apart) / np.maximum(rows, 1)))

    def _judge(self, sample: Sample) -> NoiseResult:
        return self._found(sample, self.label_probs(sample))

    def _found(self, sample: Sample, probs: NDArray[np.float32]) -> NoiseResult:
        """What the noise method says, and what of it is borne out: neighbours of flagged rows are sought."""
        result = self.noise.score(sample.given, probs, **self._beside(sample))
        result = completed(result, sample.given, probs)
        if self.claims is None:
            return result
        asked = result.flag & (result.suggestion != sample.given) & self.claims.hears
        return self.claims(result, sample.given, probs, self._vote(sample, probs, np.flatnonzero(asked)))

    def _claims(self, sample: Sample, probs: NDArray[np.float32], vote: NDArray[np.int32]) -> ClaimJudge:
        beside = self._beside(sample)

        def score(labels: NDArray[np.int32]) -> NoiseResult:
            return completed(self.noise.score(labels, probs, **beside), labels, probs)

        return ClaimJudge.fit(score, ClaimRows(sample.given, probs, vote))

    def _vote(self, sample: Sample, probs: NDArray[np.float32], rows: NDArray[np.intp]) -> NDArray[np.int32]:
        """The commonest label (N,) of the nearest of the sample, for some rows (places); others UNASKED."""
        vote = np.full(len(sample.given), UNASKED, np.int32)
        if self.voters is not None and len(rows):
            vote[rows] = self.voters.vote(sample.features[rows], probs[rows])
        return vote

    def _beside(self, sample: Sample) -> dict[str, NDArray[Any]]:
        """What the noise method sees beside labels and probabilities."""
        known = {"features": sample.features, **sample.beside}
        around = [name for name in self.sees if name not in known]
        given = {name: known[name] for name in self.sees if name in known}
        return given | self.around.beside(sample.features, around) if self.around else given


def fit_probes(
    sums: FoldSums,
    seen: Sample,
    options: JudgeOptions,
    *,
    exclude: Sequence[int] = (),
    class_vectors: NDArray[np.floating] | None = None,
) -> ProbeEnsemble:
    """The probes, by the sums without excluded folds, and their temperatures, by rows that may be seen."""
    adapt = partial(get("adapt", options.adapt.method).target, **options.adapt.options)
    names = None
    if class_vectors is not None:
        names = ClassNames(class_vectors, seen.features[:BANK] if options.query_bank else None)
    ensemble = ProbeEnsemble.fit(sums, options.probes, exclude=exclude, adapt=adapt, class_names=names)
    return ensemble.calibrate(seen.features, seen.given, seen.folds, seen.words, seen.cells)
