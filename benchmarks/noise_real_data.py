"""Labels gone wrong as people's do: made errors that go with the features, on sets whose labels are known.

Four ways of going wrong (`unsure`, `neighbours`, `annotators`, `rules`), each by what a model or a person who
isn't the judge finds hard, beside two that don't look at the row (`uniform`, `pairs`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.noise_text import embedded

DEPENDENT = ("unsure", "neighbours", "annotators", "rules")
AT_RANDOM = ("uniform", "pairs")
RATES = (0.05, 0.1, 0.2, 0.4)
WAYS = 3  # annotators of a set, each with confusions of their own


@dataclass(frozen=True)
class Set:
    """A set with true labels (N,) in [0, classes).

    features (N, D) float32 that noise goes with; probs (N, K): of a model that was trained on true labels,
    where there is one (then it judges), else None: `judge` trains one on the labels as they are given.
    """

    name: str
    features: np.ndarray
    labels: np.ndarray
    model: str = "probes"
    probs: np.ndarray | None = None

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.labels.max()) + 1


def sets(data: Path, embeddings: Path | None) -> Iterator[Set]:
    """Ten sets: texts by MiniLM vectors, tables, digits, and probabilities as their owners gave them."""
    rng = np.random.default_rng(0)
    for name, column, few in (("banking77", "category", 77), ("clinc150", "intent", 40)):
        table = pq.read_table(data / f"text/{name}.parquet").to_pandas()
        split = table["split"].to_numpy().astype(str)
        keep = split == "train" if name == "banking77" else ~np.char.startswith(split, "oos")
        features = embedded(name, table["text"].tolist(), embeddings)[keep]
        names, labels = np.unique(table[column].to_numpy()[keep].astype(str), return_inverse=True)
        chosen = np.sort(rng.choice(len(names), few, replace=False))
        keep = np.isin(labels, chosen)
        yield Set(name, features[keep], np.searchsorted(chosen, labels[keep]))
    features, labels = load_digits(return_X_y=True)
    yield Set("digits", features.astype(np.float32), labels)
    letter = np.load(data / "shift/letter.npz", allow_pickle=False)
    names, labels = np.unique(letter["y"], return_inverse=True)
    take = rng.permutation(len(labels))[:6000]
    features = StandardScaler().fit_transform(letter["X"]).astype(np.float32)
    yield Set("letter", features[take], labels[take])
    yield Set("letter, forest", features[take], labels[take], "forest")
    adult = pq.read_table(data / "shift/adult.parquet").to_pandas()
    take = rng.permutation(len(adult))[:8000]
    adult = adult.iloc[take]
    rich = adult["income"].str.contains(">").to_numpy().astype(int)
    yield Set("adult, boosting", _one_hot(adult), rich, "boosting")
    for name in ("mnist", "cifar10", "20news"):
        given = np.load(data / f"label_errors/{name}.npz")
        probs = np.clip(given["pred_probs"], 0, 1).astype(np.float32)
        yield Set(name, np.log(probs + 1e-4), given["labels"].astype(int), "owner's", probs)
    yield _exam(data)


def _one_hot(adult) -> np.ndarray:
    words = OneHotEncoder(sparse_output=False, handle_unknown="ignore", min_frequency=20)
    columns = ["workclass", "education", "marital", "occupation", "relationship", "race", "sex"]
    numbers = adult[["age", "education_num", "capgain", "caploss", "hours"]].to_numpy(float)
    numbers = numbers.copy()
    numbers[:, 2:4] = np.log1p(numbers[:, 2:4])
    shown = np.column_stack([StandardScaler().fit_transform(numbers), words.fit_transform(adult[columns])])
    return shown.astype(np.float32)


def _exam(data: Path) -> Set:
    """Exam questions with 14 models' answers as shares of votes; the right answer by the experts."""
    table = pq.read_table(data / "mmlu_redux/questions_llm_votes.parquet").to_pandas()
    sound = (table["error_type"] == "ok").to_numpy()
    answers = table[table.columns[4:]].to_numpy()
    votes = np.stack([(answers == letter).sum(axis=1) for letter in "ABCD"], axis=1) + 0.1
    probs = (votes / votes.sum(axis=1, keepdims=True)).astype(np.float32)
    labels = table["groundtruth_answer"].to_numpy().astype(int)
    return Set("mmlu_redux", np.log(probs[sound]), labels[sound], "owner's", probs[sound])


def spoiled(data: Set, kind: str, rate: float, seed: int) -> np.ndarray:
    """Labels (N,) of which a share is wrong, in one of the ways."""
    rng = np.random.default_rng([seed, sum(map(ord, kind))])
    if kind == "uniform":
        wrong = rng.random(len(data.labels)) < rate
        other = (data.labels + rng.integers(1, data.classes, len(data.labels))) % data.classes
        return np.where(wrong, other, data.labels)
    if kind == "pairs":
        wrong = rng.random(len(data.labels)) < rate
        return np.where(wrong, _cycle(data.classes, rng)[data.labels], data.labels)
    return {"unsure": _unsure, "neighbours": _neighbours, "annotators": _annotators, "rules": _rules}[kind](
        data, rate, rng
    )


def _cycle(classes: int, rng: np.random.Generator) -> np.ndarray:
    """A class that each class (K,) is taken for, never itself."""
    order = rng.permutation(classes)
    other = np.empty(classes, int)
    other[order] = np.roll(order, 1)
    return other


def _unsure(data: Set, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Wrong where a model of half of the features, trained on true labels, finds a row hard."""
    probs = _independent(data, rng)
    own = probs[np.arange(len(probs)), data.labels]
    others = probs.copy()
    others[np.arange(len(probs)), data.labels] = 0
    return _flipped(data.labels, others, (1 - own) ** 1.0, rate, rng)


def _independent(data: Set, rng: np.random.Generator) -> np.ndarray:
    if data.probs is not None:  # its owner's, blurred: no second model is at hand
        noisy = np.log(data.probs + 1e-3) * 0.5 + rng.gumbel(size=data.probs.shape) * 0.5
        shares = np.exp(noisy - noisy.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)
    half = rng.permutation(data.features.shape[1])[: max(data.features.shape[1] // 2, 1)]
    model = LogisticRegression(max_iter=200, C=1.0)
    return cross_val_predict(model, data.features[:, half], data.labels, cv=_folds(), method="predict_proba")


def _neighbours(data: Set, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Wrong where rows nearby are of another class, and then that class."""
    model = KNeighborsClassifier(15, weights="distance")
    near = cross_val_predict(model, data.features, data.labels, cv=_folds(), method="predict_proba")
    others = near.copy()
    others[np.arange(len(near)), data.labels] = 0
    return _flipped(data.labels, others, others.max(axis=1) + 0.02, rate, rng)


def _annotators(data: Set, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Each label by one of three annotators, who take classes for others and err more on what is hard."""
    who = rng.integers(0, WAYS, len(data.labels))
    taken = np.stack([[_cycle(data.classes, rng), _cycle(data.classes, rng)] for _ in range(WAYS)])
    centred = data.features - data.features.mean(axis=0)
    direction = centred @ rng.standard_normal(data.features.shape[1])
    hard = np.exp(1.5 * direction / direction.std())
    slip = hard * rng.uniform(0.5, 1.5, WAYS)[who]
    second = rng.random(len(data.labels)) < 0.3
    other = taken[who, second.astype(int), data.labels]
    return _flipped(data.labels, np.eye(data.classes)[other], slip, rate, rng)


def _rules(data: Set, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Whole regions of the features bear one class by rule, right or wrong."""
    regions = min(max(8 * data.classes, 60), len(data.labels) // 12)
    clusters = KMeans(regions, n_init=1, random_state=int(rng.integers(1 << 30)), max_iter=20)
    where = clusters.fit_predict(data.features)
    counts = np.zeros((regions, data.classes))
    np.add.at(counts, (where, data.labels), 1)
    given, wrong = data.labels.copy(), 0
    for region in rng.permutation(regions):
        shares = counts[region].copy()
        first = shares.argmax()
        shares[first] = 0
        likely = shares + counts[rng.integers(regions)] * 0.1 + 1e-3
        likely[first] = 0
        rule = rng.choice(data.classes, p=likely / likely.sum()) if rng.random() < 0.7 else first
        rows = np.flatnonzero((where == region) & (rng.random(len(where)) < 0.9))
        spoils = int((data.labels[rows] != rule).sum())
        if wrong + spoils > rate * len(given) * 1.03:
            continue
        given[rows] = rule
        wrong += spoils
    return given


def _flipped(labels: np.ndarray, others: np.ndarray, weight: np.ndarray, rate: float, rng) -> np.ndarray:
    """Labels of which about a share is flipped: rows by their weight (N,), to a class by others (N, K)."""
    low, high = 0.0, 1e6
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.minimum(middle * weight, 0.9).mean() < rate else (low, middle)
    wrong = rng.random(len(labels)) < np.minimum(high * weight, 0.9)
    ends = np.cumsum(others + 1e-9, axis=1)
    drawn = (rng.random(len(labels)) * ends[:, -1])[:, None] >= ends
    other = np.minimum(drawn.sum(axis=1), others.shape[1] - 1)
    other = np.where(other == labels, (labels + 1) % others.shape[1], other)
    return np.where(wrong, other, labels)


def _folds() -> StratifiedKFold:
    return StratifiedKFold(5, shuffle=True, random_state=0)


def judge(data: Set, given: np.ndarray) -> np.ndarray:
    """Out-of-sample probabilities (N, K) by which labels are judged: a model trained on the given ones."""
    from benchmarks.noise import probed
    from benchmarks.noise_text import Text

    if data.probs is not None:
        return data.probs
    if data.model == "probes":
        return probed(Text(data.name, data.features, given, data.classes), given)
    model = {
        "forest": RandomForestClassifier(100, min_samples_leaf=2, random_state=0),
        "boosting": HistGradientBoostingClassifier(max_iter=60, random_state=0),
    }[data.model]
    probs = cross_val_predict(model, data.features, given, cv=_folds(), method="predict_proba")
    return probs.astype(np.float32)
