"""Files that come back: told by their content, and refused with a reason where they are nothing of ours."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.schemas.review import LabelKind, ReviewQueue, ReviewRow
from labelworks.tasks.methods.tokens.tag_set import TagSet
from labelworks.tasks.review.exchange import argilla, label_studio
from labelworks.tasks.review.exchange.carried import Picture
from labelworks.tasks.review.exchange.formats import FORMATS, LARGEST, format_of, read_answers, write_queue

ROW = ReviewRow(id="a", content=1, partition="p", row=0, shown="x", given="cat", suggestion="dog",
                probabilities=(("dog", 0.75), ("cat", 0.25)))  # fmt: skip


def queue(classes: tuple[str, ...] = ("cat", "dog"), label: LabelKind = "class") -> ReviewQueue:
    return ReviewQueue(dataset="made", run="r", label=label, classes=classes, kind="text", rows=(ROW,))


REFUSED: dict[str, tuple[bytes, str]] = {
    "malformed JSON": (b'[{"data": {"labelworks": {', "no JSON"),
    "a page": (b"<!DOCTYPE html><title>x</title>", "this is the page"),
    "other JSON": (b'{"a": 1}', "neither decisions nor"),
    "a list of anything": (b"[1, null, {}]", "neither decisions nor"),
    "JSON in JSON in JSON": (b"[" * 200_000, "can't be read"),
    "a number of many digits": (b'[{"a": ' + b"1" * 5000 + b"}]", "can't be read"),
    "answers that are none": (b'{"labelworks": "decisions", "answers": 3}', "no list of rows"),
    "nothing": (b"", "no column"),
    "bytes": (b"id\n\xe9\n", "UTF-8"),
    "a packed file": (gzip.compress(b"id,answer\n"), "not encoded as UTF-8"),
    "a workbook": (b"PK\x03\x04 and so on", "a workbook or a zip archive"),
    "a broken table": (b"PAR1 and no more", "no parquet file"),
    "another table": (b"id,label\na,b\n", "no column 'answer'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_none_of_ours_is_refused_with_a_reason(name: str, tmp_path: Path) -> None:
    data, reason = REFUSED[name]
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(InputError, match=reason) as refused:
        read_answers(str(tmp_path / "file"), "ann")
    assert str(tmp_path / "file") in refused.value.where


def test_a_body_of_100_megabytes_is_refused_and_not_read(tmp_path: Path) -> None:
    with (tmp_path / "file.json").open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(InputError, match=f"larger than {LARGEST >> 20} MiB"):
        read_answers(str(tmp_path / "file.json"), "ann")


def test_there_has_to_be_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_answers(str(tmp_path / "file.json"), "ann")


@pytest.mark.parametrize("value", [[3], None, {"a": 1}, True, "x" * 300])
@pytest.mark.parametrize("field", ["id", "answer", "content", "annotator", "dataset", "probability", "when"])
def test_a_row_of_anything_is_an_answer_that_can_be_checked(field: str, value: Any, tmp_path: Path) -> None:
    saved = {"labelworks": "decisions", "answers": [{"id": "a", "answer": "cat", field: value}]}
    (tmp_path / "file").write_text(json.dumps(saved))
    (found,) = read_answers(str(tmp_path / "file"), "ann")
    assert {type(each) for each in (found.id, found.answer, found.dataset)} == {str}
    assert isinstance(found.facts["annotator"], str)
    assert isinstance(found.facts["content"], int)


def test_half_of_a_surrogate_pair_is_no_id_of_a_row(tmp_path: Path) -> None:
    saved = {
        "labelworks": "decisions",
        "answers": [{"id": "\ud83d", "answer": "cat\udc80", "annotator": "\ud83d"}],
    }
    (tmp_path / "file").write_text(json.dumps(saved))
    (found,) = read_answers(str(tmp_path / "file"), "ann")
    assert (found.id, found.answer, found.facts["annotator"]) == ("\\ud83d", "cat\\udc80", "\\ud83d")


def test_a_form_is_named_by_its_ending() -> None:
    names = ("a.csv", "b.parquet", "c.html", "d.json", "e.argilla")
    assert {format_of(name).name for name in names} == {form.name for form in FORMATS}
    with pytest.raises(ConfigError, match="is no form of a queue") as refused:
        format_of("a.xlsx")
    assert all(form.ending in refused.value.fix for form in FORMATS)


def test_label_studio_gets_its_config_beside_its_tasks(tmp_path: Path) -> None:
    hostile = ('a"b', "<x/>", "\n&amp;", " spaces ")
    files = write_queue(queue(hostile), str(tmp_path / "a.json"), {})
    assert [Path(file).name for file in files] == ["a.json", "a.xml"]
    config = ElementTree.fromstring((tmp_path / "a.xml").read_text())
    values = [choice.get("value") for choice in config.iter("Choice")]
    assert values == [*hostile, "(keep)", "(unsure)", "(none)"]
    (task,) = json.loads((tmp_path / "a.json").read_text())
    names = {tag.get("name") for tag in config.iter() if tag.get("name")}
    (result,) = task["predictions"][0]["result"]
    assert {result["from_name"], result["to_name"]} <= names
    written = [word for tag in config.iter() for word in (tag.get("value") or "").split()]
    assert {word[1:] for word in written if word.startswith("$")} <= set(task["data"])
    with pytest.raises(ConfigError, match="no labelling config"):
        label_studio.config(queue(("bell\x07",)), pictured=False)


def sentences(scheme: str, given: str) -> ReviewQueue:
    row = ReviewRow(
        id="a", content=1, partition="p", row=0, shown="Anna Li in Ny.", ends=(4, 7, 10, 14), given=given,
        marks=((("Anna", "x"), ("Li in Ny.", None)),), probabilities=(("B-x", 0.25),),
    )  # fmt: skip
    names = ("O", "N") if scheme == "plain" else TagSet.complete(("O", "I-x", "I-y"), scheme).names
    asked = queue(tuple(map(str, names)), "tags")
    return asked.model_copy(update={"kind": "tokens", "scheme": scheme, "rows": (row,)})


@pytest.mark.parametrize(
    ("scheme", "given"),
    [
        ("io", "I-x; I-x; O; I-y"),
        ("bio", "B-x; I-x; B-x; O"),
        ("bilou", "B-x; L-x; O; U-y"),
        ("bioes", "B-x; I-x; E-x; S-x"),
        ("bio", "O; O; O; O"),
    ],
)
def test_spans_that_tools_begin_with_are_the_tags_again(scheme: str, given: str) -> None:
    asked = sentences(scheme, given)
    (task,) = json.loads(label_studio.write(asked, {})[""])
    for result in task["predictions"][0]["result"]:
        value = result["value"]
        assert task["data"]["shown"][value["start"] : value["end"]] == value["text"]
    task["annotations"] = [{"result": task["predictions"][0]["result"]}]
    assert [row["answer"] for row in label_studio.read([task], "")] == [given]
    (record,) = json.loads(argilla.write(asked, {})["/records.json"])
    record["responses"] = {"answer": [{"value": record["suggestions"]["answer"]["value"], "user_id": "u"}]}
    assert [row["answer"] for row in argilla.read([record], "")] == [given]


@pytest.mark.parametrize(
    ("spans", "answer"),
    [
        ([(1, 3, "x"), (8, 12, "y")], "B-x; O; B-y; I-y"),
        ([(0, 7, "x"), (5, 7, "y")], "overlapping spans"),
        ([(14, 20, "x")], "a span without its place or its one label"),
        ([(0, None, "x")], "a span without its place or its one label"),
        ([(0, 4, ["x", "y"])], "a span without its place or its one label"),
    ],
)
def test_spans_that_people_mark_are_tags_or_no_answer(spans: list[tuple[Any, Any, Any]], answer: str) -> None:
    (task,) = json.loads(label_studio.write(sentences("bio", "O; O; O; O"), {})[""])
    values = [{"start": start, "end": end, "labels": label} for start, end, label in spans]
    results = [{"from_name": "answer", "value": value} for value in values]
    task["annotations"] = [{"result": results}]
    assert [row["answer"] for row in label_studio.read([task], "")] == [answer]
    minimal = {**task["data"], "annotator": "ann", "answer": values}
    assert [row["answer"] for row in label_studio.read([minimal], "")] == [answer]


def test_tools_that_ask_for_spans_have_the_types_and_no_tags_that_stand_by_themselves(tmp_path: Path) -> None:
    asked = sentences("bio", "B-x; O; O; O")
    write_queue(asked, str(tmp_path / "a.json"), {})
    config = ElementTree.fromstring((tmp_path / "a.xml").read_text())
    assert [label.get("value") for label in config.iter("Label")] == ["x", "y"]
    settings = json.loads(argilla.write(asked, {})["/.argilla/settings.json"])
    assert [question["settings"]["type"] for question in settings["questions"]] == ["span", "label_selection"]
    for place in ("a.json", "a.argilla"):
        with pytest.raises(ConfigError, match="asks for spans, and tags that stand by themselves"):
            write_queue(sentences("plain", "N; O; O; O"), str(tmp_path / place), {})


def test_images_go_where_they_are_shown() -> None:
    pictures = {("p", 0): Picture("data:image/png;base64,AA==", False)}
    files = label_studio.write(queue(), pictures)
    assert b'<Image name="shown" value="$image"' in files[".xml"]
    assert json.loads(files[""])[0]["data"]["image"].startswith("data:image/png")
    dataset = argilla.write(queue(), pictures)
    assert json.loads(dataset["/records.json"])[0]["fields"]["image"].startswith("data:image/png")
    settings = json.loads(dataset["/.argilla/settings.json"])
    assert [field["name"] for field in settings["fields"]] == ["shown", "image", "given", "probabilities"]
    assert b'value="$shown"' not in files[".xml"]
    mixed = queue().model_copy(update={"kind": "mixed"})
    assert b'<Text name="text" value="$shown"/>' in label_studio.write(mixed, pictures)[".xml"]


def test_a_word_counts_beside_classes() -> None:
    results = [{"from_name": "answer", "value": {"choices": ["cat", "(unsure)"]}}]
    task = {"data": {"labelworks": {"id": "a"}}, "annotations": [{"completed_by": 3, "result": results}]}
    (found,) = label_studio.read([task], "")
    assert (found["answer"], found["annotator"]) == ("(unsure)", "Label Studio user 3")


def test_every_form_is_in_the_docs() -> None:
    page = (Path(__file__).parents[4] / "docs/review.md").read_text()
    assert {form.ending for form in FORMATS} <= set(re.findall(r"`(\.\w+)`", page))
