"""Labels that are no single known class, in a run: read by kind, inferred, proven, published."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
from scipy import sparse

from labelworks.schemas.config.detect import DetectConfig
from labelworks.tasks.methods.statistics.folds import fold_of, hash_ids
from labelworks.tasks.methods.treatment.imprecise.core.infer import infer
from tests.support.stages import run_stages

CLASSES = ["class-0", "class-1", "class-2"]
PROBES = ("lda", "ridge")
DETECT = {"detect": {"probes": PROBES}}
PLAIN = {"validate": {"publish_when": "better"}, **DETECT}


def true_of(table: pa.Table) -> np.ndarray:
    """The class of made rows: where their vectors are furthest out."""
    return np.array([vector[:3] for vector in table["vector"].to_pylist()]).argmax(axis=1)


def in_order(rows: pa.Table, table: pa.Table) -> np.ndarray:
    """Places of published rows in the table that they are of."""
    place = {name: row for row, name in enumerate(table["id"].to_pylist())}
    return np.array([place[name] for name in rows["id"].to_pylist()])


def candidates(true: np.ndarray, rng: np.random.Generator) -> list[list[str]]:
    """The class of each row and one other, sometimes both others."""
    return [[CLASSES[each] for each in sorted({k, *rng.choice(3, 2)})] for k in true.tolist()]


def with_labels(table: pa.Table, labels: list[Any]) -> pa.Table:
    kind = pa.list_(pa.string()) if any(isinstance(each, list) for each in labels) else pa.string()
    return table.set_column(table.column_names.index("label"), "label", pa.array(labels, kind))


def test_candidate_sets_become_labels(made: Any, write: Any, run_config: Any, published: Any) -> None:
    """Inferred by the features, proven on held-out sets, published beside what was observed."""
    table = made(noise=0.0).table
    true, rng = true_of(table), np.random.default_rng(0)
    sets = candidates(true, rng)
    table = with_labels(table, sets)
    config = run_config(
        write(table, parts=3), dataset={"label_kind": "candidates", "classes": CLASSES}, **PLAIN
    )
    record = run_stages(config)
    rows = published(config)
    at = in_order(rows, table)
    right = np.array([CLASSES[each] for each in true[at]])
    assert (np.array(rows["label"]) == right).mean() > 0.97
    assert (np.array(rows["original_label"]) == right).mean() < 0.8  # drawn of the set alone
    assert rows["observed"].to_pylist() == [sets[row] for row in at]
    assert set(rows["label_kind"].to_pylist()) == {"candidates"}
    assert record.inferred.kinds == {"candidates": 400}
    assert record.inferred.p_value < 1e-6
    assert record.inferred.log_likelihood > record.inferred.log_likelihood_of_mix
    assert record.noise.method == "inferred-posterior"
    assert record.validation.published == "proposed"
    assert record.validation.gain_interval[0] > 0
    assert record.treatment.infer > 380
    several = np.array([len(sets[row]) > 1 for row in at])
    assert {*np.array(rows["action"])[several]} <= {"infer", "review"}


def mixed(
    table: pa.Table, rng: np.random.Generator
) -> tuple[pa.Table, sparse.csr_array, np.ndarray, np.ndarray]:
    """Rows of six kinds, in bags of eight that lie together; also their marks, kinds and bags."""
    true, count = true_of(table), table.num_rows
    kinds = np.resize(np.repeat(["single", "candidates", "complementary", "soft", "none", "bags"], 8), count)
    bags = np.arange(count) // 8
    marks, labels, shares = np.zeros((count, 3)), [], []
    for row, (k, kind) in enumerate(zip(true.tolist(), kinds.tolist(), strict=True)):
        if kind in ("single", "candidates"):
            marks[row, [k, (k + 1) % 3] if kind == "candidates" else [k]] = 1
        elif kind == "complementary":
            marks[row, (k + rng.integers(1, 3)) % 3] = 1
        elif kind != "none":
            of = true[bags == bags[row]] if kind == "bags" else np.array([k, k, k, rng.integers(0, 3)])
            marks[row] = np.bincount(of, minlength=3) / len(of)
        named = kind in ("single", "candidates", "complementary")
        labels.append([CLASSES[each] for each in np.flatnonzero(marks[row])] if named else None)
        shares.append(marks[row].tolist() if kind in ("soft", "bags") else None)
    columns = {
        "kind": pa.array(kinds.tolist()),
        "shares": pa.array(shares, pa.list_(pa.float64())),
        "bag": pa.array(bags),
    }
    table = with_labels(table, labels)
    for name, values in columns.items():
        table = table.append_column(name, values)
    return table, sparse.csr_array(marks), kinds.astype(object), bags


OF_KINDS = {
    "label_kind": {"column": "kind"}, "shares": "shares", "bag": "bag", "classes": CLASSES,
}  # fmt: skip


def test_a_run_says_of_mixed_kinds_what_arrays_say(
    made: Any, write: Any, run_config: Any, published: Any
) -> None:
    """To the digit, in one partition; in several the same but for bags that these tear."""
    table, marks, kinds, bags = mixed(made(600, noise=0.0).table, np.random.default_rng(1))
    folds = fold_of(hash_ids(table["id"].combine_chunks()), DetectConfig().folds)
    vectors = np.array(table["vector"].to_pylist(), np.float32)
    found = infer(marks, kinds, vectors, folds, 5, probes=PROBES, bags=bags)
    config = run_config(write(table, "one", parts=1), dataset=OF_KINDS, **DETECT)
    record = run_stages(config)
    rows = published(config)
    at = in_order(rows, table)
    soft = np.array(rows["soft_label"].to_pylist(), np.float32)
    np.testing.assert_allclose(soft, found.posterior[at], atol=2e-6)
    assert rows["label"].to_pylist() == [CLASSES[k] for k in found.posterior[at].argmax(axis=1)]
    assert record.inferred.kinds == Counter(kinds.tolist())
    named = np.array(rows["label_kind"]) == "single"
    assert set(np.array(rows["action"])[named]) <= {"keep", "review"}
    parted = run_config(write(table, "many", parts=5), dataset={**OF_KINDS, "name": "many"}, **DETECT)
    again = run_stages(parted)
    other = np.array(published(parted)["soft_label"].to_pylist(), np.float32)
    whole = np.array(rows["label_kind"]) != "bags"
    assert again.inferred.bags_cut <= 4
    np.testing.assert_allclose(other[whole], soft[whole], atol=2e-6)


def test_what_features_say_nothing_of_is_not_inferred(
    made: Any, write: Any, run_config: Any, published: Any
) -> None:
    """Random sets: a version carries classes drawn of them, and rows without one count for nothing."""
    table, rng = made(noise=0.0).table, np.random.default_rng(2)
    labels: list[Any] = candidates(rng.integers(0, 3, 400), rng)
    labels[::10] = [None] * 40
    config = run_config(
        write(with_labels(table, labels)), **PLAIN,
        dataset={"label_kind": "candidates", "classes": CLASSES},
        gates={"detect": {"severity": {"max_chance_p_value": "warning"}}},
    )  # fmt: skip
    record = run_stages(config)
    rows = published(config)
    assert record.validation.published == "given"
    assert record.inferred.p_value > 0.001
    silent = np.array(rows["label_kind"]) == "none"
    assert silent.sum() == 40
    assert set(np.array(rows["weight"])[silent]) == {0.0}
    assert set(np.array(rows["weight"])[~silent]) == {1.0}
    assert set(np.array(rows["action"])[silent]) == {"review"}
    told = zip(rows["label"].to_pylist(), rows["observed"].to_pylist(), strict=True)
    assert all(label in observed for label, observed in told if observed)


def test_more_rows_than_are_held_are_inferred_alike_however_they_are_cut(
    made: Any, write: Any, run_config: Any, published: Any
) -> None:
    """A sample, then a round over all partitions: positive rows among others, the third class never named."""
    table = made(600, noise=0.0).table
    true, rng = true_of(table), np.random.default_rng(3)
    known = (true < 2) & (rng.random(600) < 0.5)
    labels = [CLASSES[k] if named else None for k, named in zip(true.tolist(), known, strict=True)]
    found, records = [], []
    for parts in (1, 4):
        name = f"in-{parts}"
        config = run_config(
            write(with_labels(table, labels), name, parts=parts),
            dataset={"name": name, "label_kind": "single-positive", "classes": CLASSES},
            detect={"sample": 200},
        )
        records.append(run_stages(config))
        found.append(published(config))
    one, many = found
    at = in_order(one, table)
    assert (np.array(one["label"]) == np.array([CLASSES[k] for k in true[at]])).mean() > 0.95
    assert records[0].inferred.fitted_on < 200
    assert records[0].inferred.propensity[2] == 0
    np.testing.assert_allclose(records[0].inferred.propensity[:2], 0.5, atol=0.15)
    assert one["label"].to_pylist() == many["label"].to_pylist()
    soft = [np.array(rows["soft_label"].to_pylist(), np.float32) for rows in found]
    np.testing.assert_allclose(*soft, atol=1e-5)
