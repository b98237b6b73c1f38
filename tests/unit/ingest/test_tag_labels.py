"""Tags as labels: the scheme of all of them, sentences that break it, what is mended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.tasks.artifacts.row_extras import read_token_probs
from labelworks.tasks.ingest.scan import scan
from labelworks.tasks.ingest.tag_labels import by_type, sums_of, tag_classes
from labelworks.tasks.planning.open_run import plan_run


def lists(*sentences: str) -> pa.Array:
    return pa.array([sentence.split() for sentence in sentences], pa.list_(pa.string()))


@pytest.mark.parametrize(
    ("sentences", "scheme"),
    [
        (["I-x I-x O", "O I-y"], "io"),
        (["B-x I-x O", "O B-y"], "bio"),
        (["B-x I-x O"] * 20 + ["O I-x"], "bio"),
        (["B-x L-x O", "U-y"], "bilou"),
        (["B-x E-x O", "S-y"], "bioes"),
        (["NOUN VERB", "DET NOUN"], "plain"),
        (["B-x O"] * 20 + ["b-x O"], "bio"),
        (["O O"], "plain"),
    ],
)
def test_the_scheme_is_the_one_that_fewest_sentences_break(sentences: list[str], scheme: str) -> None:
    assert sums_of(lists(*sentences)).scheme(repair=False) == scheme


def scanned(
    tmp_path: Path, tokens: list[Any], tags: list[Any], **dataset: Any
) -> tuple[list[Any], list[Any]]:
    (tmp_path / "data").mkdir()
    kind = pa.list_(pa.string())
    table = pa.table({"words": pa.array(tokens, kind), "tags": pa.array(tags, kind)})
    pq.write_table(table, tmp_path / "data/a.parquet")
    section = {"source": str(tmp_path / "data"), "label": "tags", "task": "tokens"} | dataset
    section["features"] = {"tokens": "words"}
    raw = {"dataset": section, "store": {"root": str(tmp_path / "store")}}
    config = RunConfig.model_validate(raw)
    run, plans = plan_run(config, {})
    found = scan(plans["source"].partitions[0], run.source, "tags")
    said = [(row["row"], row["reason"]) for row in found.rejected.to_pylist()]
    return found.rows["label"].to_pylist(), said


TOKENS = [["a", "b"], ["a"], ["a", "b"], [], ["a", "b"], ["a", None], ["a", "b"], ["a", "b"]]
TAGS = [["B-x", "I-x"], ["O", "O"], ["O", "I-x"], [], ["O", None], ["O", "O"], ["O", "b-x"], ["B-x", "I-y"]]


def test_sentences_that_cant_be_used_are_put_aside_with_the_reason(tmp_path: Path) -> None:
    kept, aside = scanned(tmp_path, TOKENS, TAGS, tag_scheme="bio")
    assert kept == [["B-x", "I-x"]]
    assert aside == [
        (1, "2 tags, 1 tokens"),
        (2, "'I-x' can't stand after 'O' in the scheme bio (token 1)"),
        (3, "no token"),
        (4, "null among the tags"),
        (5, "null among the tokens"),
        (6, "'b-x' is no tag of bio"),
        (7, "'I-y' can't stand after 'B-x' in the scheme bio (token 1)"),
    ]


def test_tags_that_break_the_scheme_are_mended_where_that_is_asked(tmp_path: Path) -> None:
    kept, aside = scanned(tmp_path, TOKENS, TAGS, tag_scheme="bio", tag_repair=True)
    assert kept == [["B-x", "I-x"], ["O", "B-x"], ["B-x", "B-y"]]
    assert [row for row, _ in aside] == [1, 3, 4, 5, 6]


def test_classes_are_all_tags_that_a_span_may_need() -> None:
    assert tag_classes(None, {"O": 3, "B-x": 1}, "bilou") == ("O", "B-x", "I-x", "L-x", "U-x")  # type: ignore[arg-type]
    assert tag_classes(["B-x", "O"], {"O": 3}, "bio") == ("B-x", "O")  # type: ignore[arg-type]
    assert by_type({"O": 3, "B-x": 1, "I-x": 2}, "bio") == {"x": 3}  # type: ignore[arg-type]
    assert by_type({"B-x": 1}, "") == {"B-x": 1}  # type: ignore[arg-type]


def test_probabilities_are_held_against_the_tags() -> None:
    column = pa.array([[[0.5, 0.5], [1.0, 0.0]], [[0.2, 0.2]], [[0.5, 0.5]], None])
    held, reasons = read_token_probs(column, pa.array([2, 1, 2, 1]), 2)
    assert reasons.to_pylist() == [
        None, "pred_probs sums to 0.4, not 1", "pred_probs of 1 tokens, there are 2 tags", "null pred_probs",
    ]  # fmt: skip
    assert len(held[0].as_py()) == 2 * 2 * 4
