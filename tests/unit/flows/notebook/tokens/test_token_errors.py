"""Wrong tags of tokens by the front door."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import labelworks as lw
from labelworks.schemas.errors import ConfigError, InputError

CLASSES = ["B-x", "I-x", "O"]
TRUE = [["O", "B-x", "I-x"], ["B-x", "O"]] * 100


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """Tags of 200 sentences, one span missing; a model's probabilities; features that tell the tags."""
    rng = np.random.default_rng(0)
    given = [list(row) for row in TRUE]
    given[10] = ["O", "O", "O"]
    codes = [np.array([CLASSES.index(tag) for tag in row]) for row in TRUE]
    probs = [0.05 + 0.85 * np.eye(3)[row] for row in codes]
    features = [(9 * np.eye(3, 5)[row] + rng.normal(size=(len(row), 5))).astype(np.float32) for row in codes]
    words = [[f"w{at}<b>" for at in range(len(row))] for row in TRUE]
    return {"given": given, "probs": probs, "features": features, "words": words}


def test_by_sentence_by_token_and_by_span(made: dict[str, Any]) -> None:
    index = pd.Index([f"s{at}" for at in range(len(TRUE))])
    labels = pd.Series(made["given"], index)
    found = lw.find_token_errors(labels, made["probs"], tokens=made["words"], classes=CLASSES)
    assert found.scheme == "bio"
    assert found.issues.index.tolist() == ["s10"]
    assert found.suggestion[10] == TRUE[10]
    assert found.tokens[found.tokens["flag"]]["token"].tolist() == ["w1<b>", "w2<b>"]
    wrong = found.spans[found.spans["error"] != ""].iloc[0]
    assert (wrong["sentence"], wrong["start"], wrong["end"], wrong["error"], wrong["to_type"]) == (
        10, 1, 3, "missing", "x",
    )  # fmt: skip
    assert pd.isna(wrong["type"])
    assert found.summary == "1 of 200 sentences flagged, 2 tags in them; spans: 1 missing"
    assert "s10" in found._repr_html_()


def test_one_array_of_all_tokens_is_the_same(made: dict[str, Any]) -> None:
    one = lw.find_token_errors(made["given"], made["probs"], classes=CLASSES)
    table = pd.DataFrame(np.concatenate(made["probs"]), columns=CLASSES)[["O", "B-x", "I-x"]]
    other = lw.find_token_errors(made["given"], table)
    np.testing.assert_allclose(one.score, other.score, atol=1e-4)
    assert one.suggestion == other.suggestion


def test_features_alone_are_enough(made: dict[str, Any]) -> None:
    found = lw.find_token_errors(made["given"], features=made["features"])
    assert np.flatnonzero(found.flag).tolist() == [10]
    assert found.suggestion[10] == TRUE[10]


def test_what_breaks_the_scheme_is_refused_or_mended(made: dict[str, Any]) -> None:
    broken = [["O", "I-x", "I-x"] if len(row) == 3 else row for row in TRUE]
    with pytest.raises(InputError, match="'I-x' can't stand after 'O'") as refused:
        lw.find_token_errors(broken, made["probs"], classes=CLASSES)
    assert refused.value.where == "sentence 0, token 1"
    assert lw.find_token_errors(broken, made["probs"], classes=CLASSES, repair=True).labels == TRUE


def test_bad_input_is_refused_with_its_place(made: dict[str, Any]) -> None:
    given, probs = made["given"], made["probs"]
    with pytest.raises(InputError, match=r"shape \(2, 3\), and there are 3 tags") as refused:
        lw.find_token_errors(given, [probs[1], *probs[1:]], classes=CLASSES)
    assert refused.value.where == "sentence 0"
    with pytest.raises(InputError, match="199 sentences, tags 200"):
        lw.find_token_errors(given, probs[1:], classes=CLASSES)
    with pytest.raises(InputError, match="498 rows, there are 500 tags"):
        lw.find_token_errors(given, np.concatenate(probs[:-1]), classes=CLASSES)
    with pytest.raises(InputError, match="tag 'B-y' is none of the classes") as refused:
        lw.find_token_errors([["O", "B-y", "O"], *given[1:]], probs, classes=CLASSES)
    assert refused.value.where == "sentence 0, token 1"
    with pytest.raises(InputError, match="no list of tags"):
        lw.find_token_errors(["O", *given[1:]], probs, classes=CLASSES)
    with pytest.raises(InputError, match="1 tokens, 3 tags"):
        lw.find_token_errors(given, probs, classes=CLASSES, tokens=[["a"], *made["words"][1:]])
    with pytest.raises(ConfigError, match="neither pred_probs nor features"):
        lw.find_token_errors(given)
    odd = [["X-x" if tag == "B-x" else tag for tag in row] for row in given]
    with pytest.raises(ConfigError, match="'X-x' is no tag of bilou"):
        lw.find_token_errors(odd, probs, classes=["X-x", "I-x", "O"], scheme="bilou")
