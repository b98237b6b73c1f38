"""Votes, priors, drift and treatment by the front door."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import labelworks as lw
from labelworks.tasks.methods.crowd import Votes, aggregate

NAMES = np.array(["no", "yes"])


def test_methods_are_those_registered() -> None:
    from labelworks.tasks.methods import registry

    table = lw.methods()
    assert table[["kind", "name"]].to_numpy().tolist() == [
        [each.kind, each.name] for each in registry.methods()
    ]
    assert (table["source"] != "").all()
    assert set(lw.methods("crowd")["kind"]) == {"crowd"}
    with pytest.raises(lw.ConfigError, match="nois"):
        lw.methods("nois")


def votes_table(items: int = 60, annotators: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    true = rng.integers(0, 2, items)
    item, annotator = np.divmod(np.arange(items * annotators), annotators)
    right = rng.random(len(item)) < np.array([0.95, 0.9, 0.8, 0.55])[annotator]
    answer = np.where(right, true[item], 1 - true[item])
    return pd.DataFrame({"item": item, "annotator": annotator, "label": NAMES[answer]})


def test_votes_are_aggregated_as_on_arrays() -> None:
    table = votes_table()
    votes = Votes.from_arrays(table["item"], table["annotator"], table["label"].to_numpy(object))
    direct = aggregate(votes, method="dawid-skene")
    renamed = pl.from_pandas(table.rename(columns={"item": "task", "annotator": "who", "label": "said"}))
    wide = table.pivot(index="item", columns="annotator", values="label").to_numpy(object)
    found = [
        lw.aggregate_votes(table, method="dawid-skene"),
        lw.aggregate_votes(renamed, method="dawid-skene", item="task", annotator="who", label="said"),
        lw.aggregate_votes(wide, method="dawid-skene"),
    ]
    for each in found:
        assert each.labels.tolist() == direct.labels.tolist()
        np.testing.assert_allclose(each.posterior, direct.posterior, atol=1e-6)
        np.testing.assert_allclose(each.annotators["quality"], direct.quality, atol=1e-6)
    assert found[0].annotators["votes"].tolist() == [60] * 4
    assert found[0].to_pandas()["votes"].tolist() == [4] * 60


def test_votes_that_are_missing_in_a_wide_array_are_none() -> None:
    found = lw.aggregate_votes(np.array([[0, np.nan, 0], [1, 1, np.nan], [1, 0, 1]]), method="majority")
    assert found.labels.tolist() == [0, 1, 1]
    assert found.votes.tolist() == [2, 2, 3]


@pytest.mark.parametrize(
    ("votes", "says"),
    [
        ({"item": ["a"], "worker": ["b"], "label": ["c"]}, r"(?s)no column 'annotator'.*annotator="),
        ({"item": ["a"], "annotator": ["b"], "label": [None]}, "row 0: no label given"),
        ({"item": [], "annotator": [], "label": []}, "no votes"),
        ([1, 2], "give a table"),
    ],
)
def test_bad_votes_are_refused(votes: Any, says: str) -> None:
    with pytest.raises(lw.InputError, match=says):
        lw.aggregate_votes(votes)


def test_a_models_voice_is_heard_by_its_names() -> None:
    table = votes_table()
    probs = pd.DataFrame(np.tile([[0.7, 0.3], [0.2, 0.8]], (30, 1)), columns=NAMES)
    found = [
        lw.aggregate_votes(table, each, "crowdlab")
        for each in (probs.to_numpy(), probs[["yes", "no"]], probs.iloc[::-1], pl.from_pandas(probs))
    ]
    for each in found[1:]:
        np.testing.assert_array_equal(found[0].posterior, each.posterior)
    with pytest.raises(lw.InputError, match="pred_probs has 59 rows, the votes' items 60"):
        lw.aggregate_votes(table, probs[:-1])


def shifted(rows: int = 600) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, features of a half and half source, and of a target that is nine parts yes."""
    rng = np.random.default_rng(0)
    source, target = rng.integers(0, 2, rows), (rng.random(rows) < 0.9).astype(int)
    made = [4.0 * side[:, None] + rng.normal(size=(rows, 3)) for side in (source, target)]
    return NAMES[source], made[0], made[1]


@pytest.mark.parametrize("kind", [np.float16, np.float64])
def test_a_prior_by_features(kind: Any) -> None:
    labels, source, target = shifted()
    found = lw.estimate_prior(labels, features=source.astype(kind), target_features=target.astype(kind))
    table = found.to_pandas()
    assert table.loc["yes", "prior"] == pytest.approx(0.9, abs=0.04)
    assert table.loc["yes", "weight"] == pytest.approx(0.9 / np.mean(labels == "yes"), abs=0.1)
    assert "yes" in found.summary


def test_a_prior_by_a_models_tables_in_any_order() -> None:
    labels, source, target = shifted()
    prob = [
        1 / (1 + np.exp(-(4 / np.sqrt(3)) * (side - 2).mean(axis=1) * np.sqrt(3) * 3))
        for side in (source, target)
    ]
    first, second = (pd.DataFrame({"no": 1 - each, "yes": each}) for each in prob)
    found = [lw.estimate_prior(labels, first, each) for each in (second, second[["yes", "no"]])]
    np.testing.assert_array_equal(found[0].prior, found[1].prior)
    assert found[0].prior[1] == pytest.approx(0.9, abs=0.04)
    with pytest.raises(lw.InputError, match="only one has 'no', 'nope'"):
        lw.estimate_prior(labels, first, second.rename(columns={"no": "nope"}))


def test_names_in_an_index_are_escaped_too() -> None:
    labels, source, target = shifted()
    names = np.where(labels == "no", "<i>no", "$yes$")
    page = lw.estimate_prior(names, features=source, target_features=target)._repr_html_()
    assert "<i>" not in page
    assert "&lt;i&gt;no" in page


def test_a_prior_needs_both_windows() -> None:
    labels, source, _ = shifted()
    for arguments in ({}, {"features": source}, {"pred_probs": np.full((600, 2), 0.5)}):
        with pytest.raises(lw.ConfigError, match="both windows"):
            lw.estimate_prior(labels, **arguments)


def test_noise_of_other_classes_is_refused() -> None:
    labels, source, target = shifted()
    noise = lw.find_label_errors(np.where(labels == "no", "non", "oui"), features=source)
    with pytest.raises(lw.InputError, match="other classes"):
        lw.estimate_prior(labels, features=source, target_features=target, noise=noise)


@pytest.mark.parametrize("method", ["auto", "mmd", "ks", "classifier", "frechet"])
@pytest.mark.parametrize("value", [1.0, 0.1, 7.3])
def test_equal_windows_have_no_drift(method: str, value: float) -> None:
    found = lw.test_drift(np.full((50, 3), value), np.full((40, 3), value), method)
    assert not found.drifted


@pytest.mark.parametrize("method", ["auto", "mmd", "ks", "classifier", "frechet"])
def test_half_floats_drift_as_others_do(method: str) -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(300, 8)), rng.normal(size=(200, 8)) + 1
    assert lw.test_drift(one.astype(np.float16), other.astype(np.float16), method).drifted
    large = [(300 * each).astype(np.float16) for each in (one, other)]
    assert lw.test_drift(*large, method).drifted


def test_drift_of_tables_names_the_features() -> None:
    rng = np.random.default_rng(0)
    one = pd.DataFrame(rng.normal(size=(300, 2)), columns=["still", "moved"])
    other = pd.DataFrame(rng.normal(size=(300, 2)), columns=["still", "moved"])
    other["moved"] += 2
    for second in (other, pl.from_pandas(other)[["moved", "still"]]):
        features = lw.test_drift(one, second, "ks").to_pandas()
        assert features.loc["moved", "p_value"] < 0.01 < features.loc["still", "p_value"]
    with pytest.raises(lw.InputError, match="only one window has 'extra'"):
        lw.test_drift(one, other.assign(extra=1.0))


def test_columns_of_anything_are_compared_by_column() -> None:
    rng = np.random.default_rng(0)
    one = pd.DataFrame({"size": rng.normal(size=400), "colour": rng.choice(["red", "blue"], 400)})
    same = pd.DataFrame(
        {"size": rng.normal(size=400), "colour": rng.choice(["red", "blue", None], 400, p=[0.5, 0.5, 0])}
    )
    moved = same.assign(colour=rng.choice(["red", "green"], 400))
    assert not lw.test_drift(one, same).drifted
    found = lw.test_drift(one, moved)
    assert found.drifted
    assert found.method == "columns"
    assert found.to_pandas()["p_value"].idxmin() == "colour"
    assert lw.test_drift(one.to_dict("list"), pl.from_pandas(moved)).p_value == found.p_value


@pytest.fixture(scope="module")
def noisy() -> dict[str, Any]:
    labels, source, target = shifted()
    given = labels.copy()
    given[:60] = np.where(labels[:60] == "no", "yes", "no")
    return {"true": labels, "given": given, "features": source, "target": target}


def test_treatment_is_that_of_a_run(noisy: dict[str, Any]) -> None:
    given = pd.Series(noisy["given"], index=np.arange(600) + 50)
    found = lw.find_label_errors(given, features=noisy["features"])
    prior = lw.estimate_prior(given, features=noisy["features"], target_features=noisy["target"], noise=found)
    treated = lw.treat(given, found, prior=prior, objective="accuracy")
    table = treated.to_pandas()
    assert list(table.columns) == [
        "label", "original_label", "action", "reason", "weight", "weight_label_shift", "weight_right",
    ]  # fmt: skip
    assert list(table.index) == list(given.index)
    assert (table["label"] == noisy["true"]).mean() > 0.91 > (table["original_label"] == noisy["true"]).mean()
    assert table["reason"].str.contains("commoner in the target window").any()
    kept = table[(table["action"] == "keep") & (table["reason"].str.startswith("not suspicious"))]
    mean = kept.groupby("label")["weight"].mean()
    assert mean["yes"] > 1.3 > 0.4 > mean["no"]
    assert (lw.treat(given, found, prior=prior, mode="none").weights == 1).all()
    assert (lw.treat(given, found, mode="reweight").labels == noisy["given"]).all()
    assert set(treated.issues["action"]) <= {"relabel", "review"}
    assert "are expected to be right" in lw.treat(given, found, objective={"precision": 0.95}).note


def test_bad_treatments_are_refused(noisy: dict[str, Any]) -> None:
    found = lw.find_label_errors(noisy["given"], features=noisy["features"])
    with pytest.raises(lw.InputError, match="findings are of other labels"):
        lw.treat(noisy["true"], found)
    with pytest.raises(lw.ConfigError, match=r"treat\(relabel_over=…\)"):
        lw.treat(noisy["given"], found, relabel_over=2)
    with pytest.raises(lw.ConfigError, match="unknown weights method 'rigth'"):
        lw.treat(noisy["given"], found, weights=["rigth"])
    with pytest.raises(lw.InputError, match="there is no column 'sex'"):
        lw.treat(noisy["given"], found, weights=[{"group-balance": {"column": "sex"}}])
    with pytest.raises(lw.ConfigError, match=r"treat\(mode=…\)"):
        lw.treat(noisy["given"], found, mode="relable")  # type: ignore[arg-type]
    with pytest.raises(lw.ConfigError, match=r"\): objective is \{'precision': 2\}: precision is a share"):
        lw.treat(noisy["given"], found, objective={"precision": 2})
    with pytest.raises(lw.ConfigError, match="unknown option 'colour'"):
        lw.treat(noisy["given"], found, objective={"accuracy": {"colour": 3}})
    with pytest.raises(lw.ConfigError, match="treat: give an objective or relabel_over, not both"):
        lw.treat(noisy["given"], found, objective="accuracy", relabel_over=0.8)
    sets = lw.find_multilabel_errors(
        [["a"], ["a", "b"], ["b"]] * 5, np.tile([[0.9, 0.1], [0.9, 0.9], [0.1, 0.9]], (5, 1))
    )
    with pytest.raises(lw.InputError, match="curate"):
        lw.treat(noisy["given"], sets)  # type: ignore[arg-type]


def test_audited_rows_prove_what_changes(noisy: dict[str, Any]) -> None:
    found = lw.find_label_errors(noisy["given"], features=noisy["features"])
    looked = np.random.default_rng(0).permutation(np.flatnonzero(found.flag))[:40]
    treated = lw.treat(
        found.labels, found, objective={"precision": 0.9}, audited=(looked, noisy["true"][looked])
    )
    assert "40 audited rows" in treated.note and "a bound that holds 95 %" in treated.note
    moved = treated.labels != found.labels
    assert moved.sum() >= 0.9 * found.flag.sum()
    few = lw.treat(found.labels, found, audited=(looked[:10], noisy["true"][looked[:10]]))
    assert (few.labels == found.labels).all() and "10 of 10 audited rows" in few.note
    with pytest.raises(lw.ConfigError, match="promises none"):
        lw.treat(found.labels, found, objective="accuracy", audited=(looked, noisy["true"][looked]))
