"""`ask_judges` on a real service: rows in the order of the review, answers bought once, heard by `treat`."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import labelworks as lw
from labelworks.flows.notebook.label_errors import LabelErrors
from tests.support.completions import Asked, Completions

NAMES = np.array(["cat", "dog", "owl"])
MODEL = {"model": "small", "price_in": 1.0, "price_out": 1.0}


@pytest.fixture
def service() -> Iterator[Completions]:
    with Completions(lambda asked: asked.shown.split()[0]) as made:
        yield made


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, pd.Series]:
    """The truth, and labels of which a tenth is wrong."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, 600)
    wrong = rng.random(600) < 0.1
    given = np.where(wrong, (true + 1) % 3, true)
    return NAMES[true], pd.Series(NAMES[given], index=[f"r{row}" for row in range(600)])


@pytest.fixture(scope="module")
def found(rows: tuple[np.ndarray, pd.Series]) -> LabelErrors:
    true, labels = rows
    features = 1.8 * (true[:, None] == NAMES) + np.random.default_rng(1).normal(size=(600, 3))
    return lw.find_label_errors(labels, features=features)


def ask(service: Completions, found: LabelErrors, contents: Any, store: Path, **options: Any) -> Any:
    model = {**MODEL, "base_url": service.url}
    return lw.ask_judges(contents, found, [model], **{"rows": 120, "store": store, **options})


def texts(true: np.ndarray) -> list[str]:
    return [f"{name} number {row}" for row, name in enumerate(true)]


def test_rows_come_in_the_order_of_the_review(
    service: Completions, rows: Any, found: LabelErrors, tmp_path: Path
) -> None:
    true, labels = rows
    judged = ask(service, found, texts(true), tmp_path / "store")
    assert len(judged.rows) == len(service.asked) == 120
    wrong = labels.to_numpy() != true
    assert judged.contradicted.tolist() == wrong[judged.rows].tolist()
    assert wrong[judged.rows[:20]].all()
    assert (np.diff(judged.scores) >= 0).all()
    assert (judged.answers == true[judged.rows]).all()
    table = judged.to_pandas()
    assert table.index.tolist() == labels.index[judged.rows].tolist()
    assert len(judged.issues) == judged.contradicted.sum()
    assert judged.cost == pytest.approx(120 * 110 / 1e6)
    assert "120 labels asked about" in repr(judged)
    again = ask(service, found, texts(true), tmp_path / "store")
    assert len(service.asked) == 120
    assert again.by_judge[0].kept == 120
    assert (again.rows == judged.rows).all()


def test_without_audited_rows_they_change_no_label(
    service: Completions, rows: Any, found: LabelErrors, tmp_path: Path
) -> None:
    true, labels = rows
    judged = ask(service, found, texts(true), tmp_path)
    plain, treated = lw.treat(labels, found), lw.treat(labels, found, judges=judged)
    changed = treated.labels != labels.to_numpy()
    assert (treated.labels[changed] == plain.labels[changed]).all()
    assert "no audited row" in treated.summary
    disputed = judged.rows[judged.contradicted]
    assert (treated.actions[disputed][~changed[disputed]] == "review").all()
    assert (treated.labels == true).sum() >= (labels.to_numpy() == true).sum()


def test_with_audited_rows_they_do(
    service: Completions, rows: Any, found: LabelErrors, tmp_path: Path
) -> None:
    true, labels = rows
    judged = ask(service, found, texts(true), tmp_path, rows=600)
    looked = judged.rows[judged.contradicted][:30]
    treated = lw.treat(labels, found, judges=judged, audited=(looked, true[looked]))
    by_judges = np.array(["audited rows have shown them right" in reason for reason in treated.reasons])
    assert by_judges.sum() > 0
    assert (treated.labels[by_judges] == true[by_judges]).all()
    few = lw.treat(labels, found, judges=judged, audited=(looked[:5], true[looked[:5]]))
    assert "5 of 5 audited rows" in few.note
    wrong = lw.treat(labels, found, judges=judged, audited=(looked, labels.to_numpy()[looked]))
    assert "0 of 30 audited rows" in wrong.note
    limited = lw.treat(labels, found, judges=judged, objective={"budget": 5}, audited=(looked, true[looked]))
    assert "judges change no label" in limited.note


def test_images_are_shown_as_they_are(
    service: Completions, rows: Any, found: LabelErrors, tmp_path: Path
) -> None:
    service.says = lambda _: "cat"
    image = Image.new("RGB", (4, 4))
    sink = io.BytesIO()
    image.save(sink, "JPEG")
    contents: list[Any] = [image, sink.getvalue(), None] * 200
    judged = ask(service, found, contents, tmp_path, rows=12)
    kinds = {asked.shown.split(";")[0] for asked in service.asked}
    assert kinds == {"data:image/png", "data:image/jpeg"}
    assert 0 < len(judged.rows) < 12


def test_many_classes_list_the_likeliest(service: Completions, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(60), 5)
    probs = rng.dirichlet(np.full(60, 0.1), 300)
    found = lw.find_label_errors(labels, pred_probs=probs, method="noise-transition")

    def likeliest_listed(asked: Asked) -> str:
        assert len(asked.answers) == 51
        return asked.answers[0]

    service.says = likeliest_listed
    judged = ask(service, found, [f"row {row}" for row in range(300)], tmp_path, rows=8)
    assert len(judged.rows) == 8
    assert all(answer in range(60) for answer in judged.answers)


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"contents": ["a"]}, lw.InputError, "1 rows"),
        ({"models": []}, lw.ConfigError, "no judge"),
        ({"models": [{"model": "m"}]}, lw.ConfigError, "price_in"),
        ({"models": [{**MODEL, "api_key": "x"}]}, lw.ConfigError, "api_key"),
        ({"rows": 0}, lw.ConfigError, "rows"),
    ],
)
def test_what_can_t_be_asked_is_refused(
    rows: Any, found: LabelErrors, change: dict[str, Any], error: type[Exception], match: str
) -> None:
    given = {"contents": texts(rows[0]), "models": [MODEL], **change}
    with pytest.raises(error, match=match):
        lw.ask_judges(given.pop("contents"), found, given.pop("models"), **given)


def test_audited_rows_alone_are_no_judges(rows: Any, found: LabelErrors) -> None:
    with pytest.raises(lw.ConfigError, match="promises none"):
        lw.treat(rows[1], found, objective="accuracy", audited=([0], ["cat"]))
