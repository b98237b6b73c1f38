"""Looking at a dataset, guessing its columns, and writing a config that loads and runs on it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from labelworks.schemas.config.load import load_config
from labelworks.schemas.errors import InputError
from labelworks.tasks.report.starter_config import scalar, starter_config
from labelworks.tasks.sources.guess.label import Candidate
from labelworks.tasks.sources.guess.roles import Guesses, guess
from labelworks.tasks.sources.guess.tables import look_apart
from labelworks.tasks.sources.profile import look

ROWS = 60
WORDS = ("the card was late", "no money came back", "where is my order now", "please call me again")


def texts() -> list[str]:
    return [f"{WORDS[row % 4]} {row}" for row in range(ROWS)]


def labels() -> list[str]:
    return [("yes", "no", "maybe")[row % 3] for row in range(ROWS)]


def png(row: int) -> bytes:
    sink = io.BytesIO()
    Image.new("L", (4, 4), row).save(sink, "PNG")
    return sink.getvalue()


def guessed(folder: Path, columns: dict[str, Any], **named: str) -> Guesses:
    pq.write_table(pa.table(columns), folder / "data.parquet")
    return guess(look(str(folder)), **named)


def label(found: Guesses) -> Candidate:
    assert found.label is not None
    return found.label


def test_text_label_id_and_time_are_found_by_name_type_and_values(tmp_path: Path) -> None:
    found = guessed(
        tmp_path,
        {
            "row_id": list(range(ROWS)),
            "body": texts(),
            "language": ["en", "de"] * (ROWS // 2),
            "category": labels(),
            "seen": pa.array(range(ROWS), pa.timestamp("s")),
        },
    )
    assert (found.features.kind, found.features.names[0], label(found).name) == ("text", "body", "category")
    assert found.id is not None
    assert found.time is not None
    assert (found.id.column, found.time.column) == ("row_id", "seen")
    assert (found.features.doubt, label(found).doubt) == ("", "")


def test_an_image_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    images = [{"bytes": png(row), "path": f"{row}.png"} for row in range(ROWS)]
    blobs = [bytes([row]) * 10 for row in range(ROWS)]
    found = guessed(tmp_path, {"blob": blobs, "picture": images, "digit": [row % 5 for row in range(ROWS)]})
    assert (found.features.kind, found.features.names[0], label(found).name) == ("image", "picture", "digit")
    assert label(found).doubt == "its name doesn't say so"


@pytest.mark.parametrize("make", [pa.list_, pa.large_list, lambda of: pa.list_(of, 3)])
def test_vectors_of_one_length_are_features(
    tmp_path: Path, make: Callable[[pa.DataType], pa.DataType]
) -> None:
    vectors = pa.array(np.eye(3, dtype=np.float32)[np.arange(ROWS) % 3].tolist(), make(pa.float32()))
    found = guessed(tmp_path, {"embedding": vectors, "text": texts(), "label": labels()})
    assert (found.features.kind, found.features.names[0]) == ("vector", "embedding")
    assert found.features.why == "vectors of 3 numbers"
    assert found.features.others == ("text (text)",)


def test_lists_of_different_lengths_are_no_vectors(tmp_path: Path) -> None:
    tokens = [[1.0] * (1 + row % 3) for row in range(ROWS)]
    assert guessed(tmp_path, {"tokens": tokens, "text": texts(), "label": labels()}).features.kind == "text"


def test_a_dictionary_column_can_be_the_label(tmp_path: Path) -> None:
    encoded = pa.array(labels()).dictionary_encode()
    assert label(guessed(tmp_path, {"text": texts(), "label": encoded})).why == "3 values in 60 rows"


def test_doubts_are_said(tmp_path: Path) -> None:
    given: list[str | None] = [*labels()[:-2], None, None]
    found = guessed(tmp_path, {"text": texts(), "label": given, "target": ["x", "y"] * (ROWS // 2)})
    assert label(found).name == "label"
    assert [other.name for other in found.others] == ["target"]
    assert found.notes == (
        "2 of 60 rows have no label: they are put aside, and the config lets it be up to 5 %",
    )


def test_an_id_that_repeats_is_none(tmp_path: Path) -> None:
    assert guessed(tmp_path, {"id": [0, 0] * (ROWS // 2), "text": texts(), "label": labels()}).id is None


def test_named_columns_are_taken(tmp_path: Path) -> None:
    columns = {"text": texts(), "title": texts(), "label": labels(), "other": labels()}
    found = guessed(tmp_path, columns, label="other", features="title")
    assert (found.features.names[0], label(found).name) == ("title", "other")


@pytest.mark.parametrize(
    ("columns", "named", "message"),
    [
        ({"a": [0.5] * ROWS, "label": labels()}, {}, "no column can be taken for the features"),
        (
            {"path": [f"{row}.png" for row in range(ROWS)], "label": labels()},
            {},
            "path holds paths of images",
        ),
        ({"text": texts(), "number": list(range(ROWS))}, {}, "no column can be taken for the label"),
        ({"text": texts(), "label": labels()}, {"label": "lable"}, "there is no column 'lable'"),
        (
            {"text": texts(), "x": [b"a"] * ROWS},
            {"label": "x"},
            "column 'x' is binary and can't be the label",
        ),
        (
            {"text": texts(), "label": labels(), "x": [{"a": [b"a"]}] * ROWS},
            {"features": "x.a"},
            "column 'x.a' is list",
        ),
    ],
)
def test_what_cannot_be_guessed_is_asked_for(
    tmp_path: Path, columns: dict[str, Any], named: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        guessed(tmp_path, columns, **named)
    assert message in str(caught.value)
    if not named:
        assert "columns: " in caught.value.fix


def test_a_folder_sorted_by_label_is_seen_whole(tmp_path: Path) -> None:
    for number, label in enumerate("abcdefgh"):
        table = pa.table({"text": texts(), "label": [label] * ROWS})
        pq.write_table(table, tmp_path / f"part-{number}.parquet", row_group_size=20)
    seen = look(str(tmp_path))
    assert (len(seen.files), seen.looked_at) == (8, 8)
    assert seen.values("label") == list("abcdefgh")
    assert seen.whole


@pytest.mark.parametrize("form", ["csv", "jsonl", "arrow"])
def test_other_formats_are_looked_at_too(tmp_path: Path, form: str) -> None:
    table = pa.table({"text": texts(), "label": labels()})
    path = tmp_path / f"data.{form}"
    if form == "csv":
        pa_csv.write_csv(table, path)
    elif form == "jsonl":
        path.write_text(
            "".join(f'{{"text": "{t}", "label": "{y}"}}\n' for t, y in zip(texts(), labels(), strict=True))
        )
    else:
        with pa.ipc.new_file(path, table.schema) as sink:
            sink.write_table(table)
    seen = look(str(path))
    assert (seen.formats, label(guess(seen)).name) == ((form,), "label")


def test_no_data_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    with pytest.raises(InputError, match="the dataset is empty"):
        look(str(tmp_path))
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "none.parquet")
    with pytest.raises(InputError, match="the dataset is empty"):
        look(str(tmp_path))


def test_files_whose_columns_differ_in_type_are_an_input_error(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": texts()}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"text": [[1]]}), tmp_path / "b.parquet")
    with pytest.raises(InputError, match="column 'text' is string and list"):
        look(str(tmp_path))


def test_the_written_config_says_what_was_found(tmp_path: Path) -> None:
    awkward = {"te: xt #1": texts(), "no": labels(), "id": list(range(ROWS))}
    pq.write_table(pa.table(awkward), tmp_path / "data.parquet")
    seen = look(str(tmp_path))
    text = starter_config(seen, guess(seen, label="no"), seen.classes("no"))
    (tmp_path / "config.yaml").write_text(text)
    config = load_config(tmp_path / "config.yaml")
    assert config.dataset.source == str(tmp_path)
    assert config.dataset.features.text == "te: xt #1"
    assert (config.dataset.label, config.dataset.id) == ("no", "id")
    assert yaml.safe_load(text)["dataset"]["label"] == "no"
    assert '# classes: [maybe, "no", "yes"]' in text


@pytest.mark.parametrize(
    "value", ["plain", "no", "007", "a: b", "#", "", "é\n\x00", "null", "1e3", "~", 5, True]
)
def test_a_scalar_reads_back_as_itself(value: Any) -> None:
    assert yaml.safe_load(f"key: {scalar(value)}")["key"] == value


def test_nested_fields_are_columns_with_dotted_names(tmp_path: Path) -> None:
    table = pa.table({"meta": [{"label": "a", "in": {"n": 1}}], "image": [{"bytes": b"x", "path": "p"}]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert [column.name for column in look(str(tmp_path)).columns] == ["image", "meta.label", "meta.in.n"]


def test_a_name_of_several_columns_is_of_none(tmp_path: Path) -> None:
    columns = {"text": texts(), "label": labels(), "id": list(range(ROWS)), "again": list(range(ROWS))}
    table = pa.table(columns).rename_columns(["text", "label", "id", "id"])
    pq.write_table(table, tmp_path / "data.parquet")
    seen = guess(look(str(tmp_path)))
    assert seen.id is None
    assert any("id is the name of several columns" in note for note in seen.notes)
    with pytest.raises(InputError, match="several columns 'id'"):
        guess(look(str(tmp_path)), label="id")
    pq.write_table(table.rename_columns(["text", "label", "id", "label"]), tmp_path / "data.parquet")
    with pytest.raises(InputError, match="several columns are called 'label': rename all but one"):
        guess(look(str(tmp_path)))


@pytest.mark.parametrize("kind", [pa.decimal128(25, 2), pa.float64()])
def test_whole_numbers_of_any_type_are_classes_in_the_config(tmp_path: Path, kind: pa.DataType) -> None:
    whole = pa.array([row % 3 for row in range(ROWS)]).cast(kind)
    found = guessed(tmp_path, {"text": texts(), "label": whole})
    seen = look(str(tmp_path))
    assert "classes: [0, 1, 2]" in starter_config(seen, found, seen.classes("label"), None)


def test_a_label_of_a_type_that_none_has_is_said(tmp_path: Path) -> None:
    held = {"vec": [[1.0, 1.0]] * ROWS, "label": [name.encode() for name in labels()]}
    with pytest.raises(InputError, match="\n  label is binary: write it as texts or whole numbers"):
        guessed(tmp_path, held)


def test_a_blank_file_is_no_other_table(tmp_path: Path) -> None:
    rows = "".join(f"{text},{label}\n" for text, label in zip(texts(), labels(), strict=True))
    (tmp_path / "a.csv").write_text(f"text,label\n{rows}")
    (tmp_path / "b.csv").write_text("\n")
    assert look_apart(str(tmp_path))[0].rows == ROWS
