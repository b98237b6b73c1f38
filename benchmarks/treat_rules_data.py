"""Sets for benchmarks/treat_rules.py: votes of rules with truth, made ones, rules on real rows, public ones.

Rules on real rows are written from a few rows with truth (DEV), as people write them; those are not scored.
The public sets are the votes of rules that came with a paper: a folder of CSV files, a column a rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

DEV = 20  # rows of a class, on average, that rules are written from
ABSTAIN = -1


@dataclass(frozen=True)
class RuleSet:
    """Votes (N, R), ABSTAIN where a rule doesn't fire; truth (N,); K classes.

    What a probe sees, where there is anything: texts (N,), or numbers (N, D).
    """

    name: str
    votes: np.ndarray
    truth: np.ndarray
    classes: int
    texts: np.ndarray | None = None
    numbers: np.ndarray | None = None


def made(seed: int, rows: int) -> Iterator[RuleSet]:
    """Sets from known models: independent, one-sided, copied, with rows that are hard for all rules."""
    rng = np.random.default_rng(seed)
    yield _several_sided("independent, 2", rng, rows, [0.5, 0.5], 10)
    yield _several_sided("independent, 5", rng, rows, [0.2] * 5, 15)
    yield _several_sided("independent, 4 unbalanced", rng, rows, [0.6, 0.25, 0.1, 0.05], 15)
    yield _one_sided("one-sided, 2 unbalanced", rng, rows, [0.85, 0.15], 12, (0.03, 0.3))
    yield _one_sided("one-sided, 6", rng, rows, [0.3, 0.25, 0.15, 0.12, 0.1, 0.08], 24, (0.02, 0.15))
    yield _one_sided("low coverage, 3", rng, rows, [0.5, 0.3, 0.2], 12, (0.01, 0.05))
    yield _copied("copies, 2", rng, rows, [0.5, 0.5], 6, 4)
    yield _copied("copies, 5", rng, rows, [0.2] * 5, 8, 5)
    yield _hard_rows("hard rows, 3", rng, rows, [0.4, 0.3, 0.3], 12)


def _truth(rng: np.random.Generator, rows: int, prior: list[float]) -> np.ndarray:
    return rng.choice(len(prior), rows, p=prior)


def _answers(rng: np.random.Generator, truth: np.ndarray, right: np.ndarray, classes: int) -> np.ndarray:
    """Answers (N,) that are right with a probability (N,), else any other class."""
    wrong = (truth + rng.integers(1, classes, len(truth))) % classes
    return np.where(rng.random(len(truth)) < right, truth, wrong)


def _several_sided(name, rng, rows, prior, rules, right=None) -> RuleSet:
    truth, classes = _truth(rng, rows, prior), len(prior)
    votes = np.full((rows, rules), ABSTAIN)
    for rule in range(rules):
        sure = np.full(rows, rng.uniform(0.55, 0.9)) if right is None else right(rng)
        fires = rng.random(rows) < rng.uniform(0.1, 0.6)
        votes[fires, rule] = _answers(rng, truth, sure, classes)[fires]
    return RuleSet(name, votes, truth, classes)


def _one_sided(name, rng, rows, prior, rules, coverage) -> RuleSet:
    """Rules of one class each, some of every class; right as often as between .6 and .95."""
    truth, classes, shares = _truth(rng, rows, prior), len(prior), np.asarray(prior)
    votes = np.full((rows, rules), ABSTAIN)
    for rule in range(rules):
        of = rule % classes
        precision, covered = rng.uniform(0.6, 0.95), rng.uniform(*coverage) * shares[of] * classes
        rate = np.full(classes, min(covered * (1 - precision) / (1 - shares[of]), 0.9))
        rate[of] = min(covered * precision / shares[of], 0.9)
        votes[rng.random(rows) < rate[truth], rule] = of
    return RuleSet(name, votes, truth, classes)


def _copied(name, rng, rows, prior, rules, copies) -> RuleSet:
    """One poor rule that is written several times in other words: 95 % of its votes are the same."""
    plain = _several_sided(name, rng, rows, prior, rules)
    poor = np.where(rng.random(rows) < 0.6, _answers(rng, plain.truth, np.full(rows, 0.5), len(prior)), -1)
    again = []
    for _ in range(copies):
        other = _answers(rng, plain.truth, np.full(rows, 0.5), len(prior))
        again.append(np.where(rng.random(rows) < 0.95, poor, other))
    votes = np.column_stack([plain.votes, poor, *again])
    return RuleSet(name, votes, plain.truth, plain.classes)


def _hard_rows(name, rng, rows, prior, rules) -> RuleSet:
    """A third of the rows mislead all rules alike: they are right there less often."""
    hard = rng.random(rows) < 0.33
    return _several_sided(
        name, rng, rows, prior, rules, lambda rng: np.where(hard, 0.4, rng.uniform(0.7, 0.95))
    )


def on_texts(data: Path, seed: int, rows: int) -> Iterator[RuleSet]:
    """Keyword rules on questions: the words that are most of a class among the rows for writing rules."""
    banking = pd.read_parquet(data / "text/banking77.parquet").rename(columns={"category": "intent"})
    clinc = pd.read_parquet(data / "text/clinc150.parquet")
    clinc = clinc[~clinc["split"].str.startswith("oos")]
    for name, frame, classes in (("banking77", banking, 10), ("clinc150", clinc, 15)):
        rng = np.random.default_rng(seed)
        names = sorted(frame["intent"].unique())
        chosen = rng.permutation(names)[:classes].tolist()
        some = frame[frame["intent"].isin(chosen)].sample(frac=1, random_state=seed)
        yield _by_keywords(f"{name}, {classes}", some, chosen, rows)
    rng = np.random.default_rng(seed + 1)
    few = set(rng.permutation(sorted(banking["intent"].unique()))[:15])
    two = banking.assign(intent=np.where(banking["intent"].isin(few), "some", "other"))
    yield _by_keywords(
        "banking77, 2 unbalanced", two.sample(frac=1, random_state=seed), ["other", "some"], rows, 12
    )


def _by_keywords(name, frame, classes, rows, each=4) -> RuleSet:
    texts = frame["text"].str.lower().to_numpy()
    truth = frame["intent"].map({label: code for code, label in enumerate(classes)}).to_numpy()
    dev = np.arange(DEV * max(len(classes), 10))
    words = [set(re.findall(r"[a-z']{3,}", texts[row])) for row in dev]
    votes, rest = [], np.setdiff1d(np.arange(len(texts)), dev)[:rows]
    for code in range(len(classes)):
        for word in _keywords(words, truth[dev] == code, each):
            fires = np.array([bool(re.search(rf"\b{word}\b", text)) for text in texts[rest]])
            votes.append(np.where(fires, code, ABSTAIN))
    return RuleSet(name, np.column_stack(votes), truth[rest], len(classes), texts[rest])


def _keywords(words: list[set[str]], inside: np.ndarray, most: int) -> list[str]:
    """The commonest words of which most rows are of the class, among those seen a few times."""
    seen: dict[str, list[int]] = {}
    for place, held in enumerate(words):
        for word in sorted(held):
            seen.setdefault(word, []).append(place)
    good = {w: inside[at].sum() for w, at in seen.items() if len(at) >= 3 and inside[at].mean() >= 0.6}
    return sorted(good, key=lambda word: (-good[word], word))[:most]


def on_columns(data: Path, seed: int, rows: int) -> RuleSet:
    """Thresholds and categories of adult: income over 50 thousand, a quarter of the rows."""
    frame = pd.read_parquet(data / "shift/adult.parquet").sample(frac=1, random_state=seed)
    truth = frame["income"].astype(str).str.contains(">50K").to_numpy().astype(int)
    frame, truth = frame.iloc[:rows], truth[:rows]
    education, hours, age = frame["education_num"], frame["hours"], frame["age"]
    occupation, marital = frame["occupation"].str.strip(), frame["marital"].str.strip()
    rules: list[tuple[pd.Series, int]] = [
        (frame["capgain"] > 5000, 1),
        (education >= 14, 1),
        ((education >= 13) & marital.str.startswith("Married"), 1),
        (occupation.isin(["Exec-managerial", "Prof-specialty"]), 1),
        (hours >= 50, 1),
        (age < 25, 0),
        (education <= 8, 0),
        (marital.str.startswith("Never"), 0),
        (hours < 30, 0),
        (occupation.isin(["Other-service", "Handlers-cleaners", "Farming-fishing"]), 0),
        (marital.isin(["Divorced", "Separated", "Widowed"]), 0),
    ]
    votes = np.column_stack([np.where(fires, says, ABSTAIN) for fires, says in rules])
    seen = pd.get_dummies(frame.drop(columns=["income", "split", "fnlwgt"]), dtype=float)
    return RuleSet("adult, 2 unbalanced", votes, truth, 2, numbers=seen.to_numpy(np.float32))


def public(folder: Path) -> Iterator[RuleSet]:
    """Sets of regularized-data-programming: X_lf_matrix_train.csv, votes -1, 0 (abstains), 1, and Label."""
    for file in sorted(folder.glob("**/*_lf_matrix_train.csv")):
        name = file.name.split("_")[0]
        parts = [file.parent / file.name.replace("train", part) for part in ("train", "val", "test")]
        table = pd.concat([pd.read_csv(each) for each in parts])
        votes = table.drop(columns=["Label", "Snorkel"]).to_numpy()
        codes = np.select([votes == 1, votes == -1], [1, 0], ABSTAIN)
        rows = pd.concat(
            [pd.read_csv(file.parent / f"{name}_{part}.csv") for part in ("train", "val", "test")]
        )
        column = next((each for each in ("text", "Title", "sentence") if each in rows), None)
        texts = rows[column].fillna("").to_numpy() if column and len(rows) == len(table) else None
        yield RuleSet(name, codes, (table["Label"].to_numpy() == 1).astype(int), 2, texts)


def all_sets(data: Path, folder: Path | None, seed: int, rows: int) -> list[RuleSet]:
    """All of them, each of at most so many rows."""
    found = [*made(seed, rows), *on_texts(data, seed, rows), on_columns(data, seed, rows)]
    return found + (list(public(folder)) if folder else [])
