"""Tags of tokens through the whole pipeline, from a CoNLL file and from columns of lists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labelworks as lw
from labelworks.flows.cli.judged_run import open_judged
from labelworks.schemas.config.run import RunConfig
from labelworks.tasks.artifacts.shown.rows_by_id import judged_ref
from labelworks.tasks.exports.base import Version
from labelworks.tasks.exports.joined import write_joined
from labelworks.tasks.ingest.scan import scan
from labelworks.tasks.ingest.tag_labels import with_scheme
from labelworks.tasks.planning.open_run import plan_run
from labelworks.tasks.review.desk.around import around
from labelworks.tasks.storage.store import Store
from tests.support.own_expectations import own
from tests.support.stages import run_stages

WORDS = {"person": ["anna", "omar", "kim"], "place": ["rome", "paris", "york"]}
BEFORE = {"person": ["mr", "asked"], "place": ["in", "near"]}
FILL = ["the", "of", "and", "one", "new", "report", "on", "its", "last", "day"]


def sentences(count: int) -> tuple[list[list[str]], list[list[str]], list[list[str]]]:
    """Words, right tags and given ones: one sentence in ten has a wrong type."""
    rng, words, true, given = np.random.default_rng(0), [], [], []
    for place in range(count):
        kind = "person" if place % 2 else "place"
        fill = rng.choice(FILL, 5).tolist()
        words.append(
            [*fill[:2], str(rng.choice(BEFORE[kind])), *rng.choice(WORDS[kind], 2).tolist(), *fill[2:]]
        )
        true.append(["O"] * 3 + [f"B-{kind}", f"I-{kind}"] + ["O"] * 3)
        other = "place" if kind == "person" else "person"
        wrong = [tag.replace(kind, other) for tag in true[-1]]
        given.append(wrong if place % 10 == 3 else true[-1])
    return words, true, given


def test_wrong_tags_are_found_and_mended_by_sentence(
    tmp_path: Path, run_config: Any, published: Any, write: Any
) -> None:
    words, true, given = sentences(300)
    path = tmp_path / "made.conll"
    bad = "x\tO\ny\tI-place\n\n"
    rows = (zip(*each, strict=True) for each in zip(words, given, strict=True))
    path.write_text(bad + "\n".join("".join(f"{word}\t{tag}\n" for word, tag in row) for row in rows))
    config = run_config(
        path, dataset={"format": "conll", "id": None, "label": "", "features": None, "tag_scheme": "bio"},
        encoder={"options": {"dims": 64}}, detect={"probes": ["lda"]},
        treat={"relabel_over": 0.5}, publish={"also": ["card", "datasets"]},
        gates={"ingest": {"thresholds": {"max_rejected": 0.1}}},
    )  # fmt: skip
    record = run_stages(config)
    assert record.noise.tags.scheme == "bio" and record.noise.tags.tokens == 300 * 8
    assert 25 <= record.noise.tags.type_spans <= 35
    found = published(config)
    place = [int(name.rpartition("#")[2]) - 1 for name in found["id"].to_pylist()]
    assert sorted(place) == list(range(300))  # the first sentence of the file breaks the scheme
    found = found.take(pa.array(np.argsort(place)))
    wrong = [place for place in range(300) if given[place] != true[place]]
    label, flag = found["label"].to_pylist(), found["token_flag"].to_pylist()
    assert sum(label[place] == true[place] for place in range(300)) > 300 - len(wrong) / 3
    assert all(len(each) == 8 for each in flag)
    assert pa.types.is_list(found["soft_label"].type.value_type)
    span = found["spans"][wrong[0]].as_py()[0]
    assert (span["start"], span["end"], span["error"]) == (3, 5, "type")
    page = Path(record.report.removeprefix("file://")).read_text()
    assert "<mark>" in page and "suggested" in page
    tags = record.noise.tags
    assert "of the tags are estimated to be wrong" in page
    assert (
        f"{tags.flagged_tokens:,} of {tags.tokens:,} tags look wrong; of spans, {tags.spans:,} as given"
        in page
    )
    assert f"{record.noise.flagged} of {record.rows} sentences looked wrong" in page
    card = Path(record.exports["card"].removeprefix("file://")).read_text()
    assert "struct<" not in card and "list<" not in card
    root = config.store.root
    queue = lw.review_queue(config.dataset.name, 8, store=root).queue
    asked = next(row for row in queue.rows if row.suggestion)
    assert queue.label == "tags" and asked.given.count("; ") == 7 and len(asked.marks) == 2
    run = open_judged(Store(root), queue.dataset, queue.run, None)
    ref = judged_ref(run.artifacts)
    where = next(part for part in ref.of("source") if part.key == asked.partition)
    near = around(run.artifacts, run.source, ref, where, [asked])[asked.id].nearest[0]
    assert " ".join(text for text, _ in near.marks) == " ".join(near.content.tokens)
    lw.record_decisions(config.dataset.name, {asked.id: asked.suggestion}, annotator="ann", store=root)
    raw = config.model_dump(mode="json", exclude_unset=True)
    raw["gates"]["detect"] = {"expectations": [own("expect_column_values_to_not_be_null", "posterior")]}
    again = run_stages(RunConfig.model_validate(raw))  # scores that are there are held against it
    assert again.treatment.decided == 1 and again.work["scored_rows"] == 0
    decided = next(row for row in published(config, 2).to_pylist() if row["action"] == "decided")
    assert decided["id"] == asked.id and "; ".join(decided["label"]) == asked.suggestion


def _spans_read(config: RunConfig) -> list[Any]:
    """The tags that ingest makes of the spans of a source."""
    run, plans = plan_run(config, {})
    found = scan(plans["source"].partitions[0], with_scheme(run.source, plans["source"].partitions), "tags")
    assert found.rejected.num_rows == 0
    return found.rows["label"].to_pylist()


@pytest.mark.parametrize("ending", ["parquet", "jsonl"])
def test_spans_that_were_joined_to_their_source_are_read_again(
    tmp_path: Path, published: Any, ending: str
) -> None:
    words, _, given = sentences(60)
    rows = []
    for row, tags in zip(words, given, strict=True):
        start = len(" ".join(row[:3])) + 1
        span = {"start_offset": start, "end_offset": start + len(" ".join(row[3:5])), "labels": [tags[3][2:]]}
        rows.append({"text": " ".join(row), "spans": [span]})
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    dataset = {"name": "s", "task": "tokens", "label": "spans", "features": {"tokens": "text"}}
    more = {
        "encoder": {"name": "token-context", "options": {"dims": 16}}, "detect": {"probes": ["lda"]},
        "treat": {"mode": "none"}, "store": {"root": str(tmp_path / "store")},
    }  # fmt: skip

    def at(source: Path) -> RunConfig:
        return RunConfig.model_validate({"dataset": {**dataset, "source": str(source)}, **more})

    record = run_stages(at(tmp_path / "data"))
    run, _ = plan_run(at(tmp_path / "data"), {})
    out = tmp_path / f"joined.{ending}"
    write_joined(Version(run.artifacts, run.source, record), str(out))
    assert _spans_read(at(out)) == _spans_read(at(tmp_path / "data")) == given


def test_texts_with_spans_are_published_with_spans_of_characters(tmp_path: Path, published: Any) -> None:
    words, _, given = sentences(200)
    rows = []
    for row, tags in zip(words, given, strict=True):
        text, start = " ".join(row), len(" ".join(row[:3])) + 1
        end = start + len(" ".join(row[3:5]))
        span = {"start": start, "end": end, "label": tags[3].removeprefix("B-")}
        rows.append({"text": text, "spans": [span], "words": row, "tags": tags})
    (tmp_path / "data").mkdir()
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "data/a.parquet")
    for columns, in_text in ((("text", "spans"), True), (("words", "tags"), False)):
        config = RunConfig.model_validate(
            {
                "dataset": {
                    "source": str(tmp_path / "data"), "name": columns[0], "task": "tokens",
                    "label": columns[1], "features": {"tokens": columns[0]},
                },
                "encoder": {"name": "token-context", "options": {"dims": 64}},
                "detect": {"probes": ["lda"]}, "treat": {"mode": "reweight"},
                "store": {"root": str(tmp_path / "store")},
            }
        )  # fmt: skip
        run_stages(config)
        found = published(config)
        assert ("text_spans" in found.column_names) is in_text
        if in_text:
            place = [int(name.rpartition("#")[2]) for name in found["id"].to_pylist()]
            assert found["text_spans"].to_pylist() == [rows[at]["spans"] for at in place]
