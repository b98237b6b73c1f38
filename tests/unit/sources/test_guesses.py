"""What a guess rests on: votes, probabilities and their order, and whether features tell a label."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from labelworks.schemas.errors import InputError
from labelworks.tasks.report.starter_config import starter_config
from labelworks.tasks.sources.guess.features import find_features
from labelworks.tasks.sources.guess.foretold import balanced_accuracy, numbers_of_texts, numbers_of_vectors
from labelworks.tasks.sources.guess.label import find_labels, rank_of
from labelworks.tasks.sources.guess.probabilities import find_pred_probs, in_order
from labelworks.tasks.sources.guess.roles import guess
from labelworks.tasks.sources.guess.votes import find_votes
from labelworks.tasks.sources.profile import Profile, look

ROWS = 300
RNG = np.random.default_rng(1)


def seen(folder: Path, **columns: object) -> Profile:
    pq.write_table(pa.table(columns), folder / "rows.parquet")
    return look(str(folder / "rows.parquet"))


@pytest.mark.parametrize(
    ("name", "rank"),
    [
        ("label", 0),
        ("Y", 0),
        ("is_class", 1),
        ("Kategorie", 1),
        ("queue", 2),
        ("foo", 3),
        ("sales_channel", 4),
    ],
)
def test_a_label_s_rank_follows_from_its_name(name: str, rank: int) -> None:
    assert rank_of(name) == rank


@pytest.mark.parametrize("seed", range(20))
def test_labels_at_random_are_not_told_and_those_of_the_features_are(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, 4, ROWS)
    vectors = np.eye(4)[classes] + rng.normal(0, 0.4, (ROWS, 4))
    found = seen(tmp_path, v=vectors.tolist(), one=rng.integers(0, 3, ROWS), two=classes, zero=classes % 2)
    labels = find_labels(found, find_features(found, (), None), {"v"})
    skills = {label.name: label.skill or 0.0 for label in labels}
    assert labels[0].name in ("two", "zero")
    assert skills["two"] > 0.5
    assert skills["one"] == 0


def test_columns_beside_a_text_are_proposed_and_not_those_that_are_the_label(tmp_path: Path) -> None:
    classes, numbers = RNG.integers(0, 3, ROWS), RNG.normal(size=ROWS)
    texts = [
        f"the {word} ticket about number {row}" for row, word in enumerate(np.array(["a", "b", "c"])[classes])
    ]
    table = {
        "subject": texts,
        "age": numbers,
        "code": 10 * classes,
        "queue": np.array(["x", "y", "z"])[classes],
    }
    guesses = guess(seen(tmp_path, **table, row=np.arange(ROWS)), label="queue")
    assert (guesses.features.kind, guesses.beside) == ("text", ("age",))


def test_classes_by_chance_are_right_by_chance() -> None:
    given = RNG.integers(0, 5, 4000)
    assert abs(balanced_accuracy(RNG.normal(size=(4000, 8)), given) - 0.2) < 0.04
    assert balanced_accuracy(np.eye(5)[given], given) == 1.0
    lone = np.append(given, 5)  # a class of one row is in one half only
    assert balanced_accuracy(np.eye(6)[lone], lone) == 1.0


def test_missing_numbers_and_texts_without_words_are_taken() -> None:
    numbers = numbers_of_vectors(np.array([[np.nan, 1.0], [2.0, 1.0], [4.0, 1.0]]))
    assert np.isfinite(numbers).all()
    assert numbers_of_texts(["", ""]).shape == (2, 1)
    assert numbers_of_texts(["价格账单", "快递包裹"]).shape[1] > 1


def test_votes_need_an_annotator_and_items_that_repeat(tmp_path: Path) -> None:
    items, workers = np.repeat(np.arange(100), 3), np.tile(["a", "b", "c"], 100)
    answers = RNG.choice(["x", "y"], 300)
    found = find_votes(seen(tmp_path, task=items, worker_id=workers, answer=answers))
    assert found is not None
    assert (found.item, found.annotator, found.label) == ("task", "worker_id", "answer")
    assert found.per_item == 3
    assert find_votes(seen(tmp_path, task=items, user=workers, answer=answers)) is None
    assert find_votes(seen(tmp_path, task=np.arange(300), worker=workers, answer=answers)) is None


@pytest.mark.parametrize(
    ("name", "columns", "known"),
    [("pred_probs", 3, True), ("softmax", 3, True), ("topic_shares", 3, False), ("probs", 4, None)],
)
def test_probabilities_are_known_by_name_and_values(
    tmp_path: Path, name: str, columns: int, known: bool | None
) -> None:
    given = RNG.integers(0, 3, ROWS)
    probs = np.eye(columns)[given] * 0.6 + 0.4 / columns
    found = seen(
        tmp_path, text=[f"some words {row}" for row in range(ROWS)], label=given, **{name: probs.tolist()}
    )
    column = next(iter(find_pred_probs(found)), None)
    assert (column is not None) == (known is not False)
    if column is not None:
        label = find_labels(found, find_features(found, {name}, None), {name})[0]
        ordered = in_order(found, column, label)
        assert ordered.classes == ((0, 1, 2) if known else None)
        assert known or "3 classes were seen and it has 4 numbers" in ordered.doubt


TYPES = [
    pa.int8(), pa.uint64(), pa.float16(), pa.float64(), pa.bool_(), pa.string(), pa.large_string(),
    pa.binary(), pa.string_view(), pa.date32(), pa.time64("us"), pa.timestamp("ns", "UTC"), pa.duration("s"),
    pa.decimal128(9, 2), pa.list_(pa.int64()), pa.list_(pa.float32(), 2), pa.large_list(pa.string()),
    pa.list_(pa.list_(pa.int8())), pa.struct([("a", pa.int8()), ("b", pa.list_(pa.string()))]),
    pa.map_(pa.string(), pa.int8()), pa.null(), pa.dictionary(pa.int8(), pa.string()), pa.list_(pa.null()),
    pa.list_(pa.struct([("a", pa.int8())])),
]  # fmt: skip


@pytest.mark.parametrize("nulls", [0.0, 0.5])
def test_no_type_of_a_column_stops_the_guess(tmp_path: Path, nulls: float) -> None:
    """Beside a text and a label each is a column like others, or none of ours."""
    known = {"text": [f"some words {row}" for row in range(40)], "label": ["a", "b"] * 20}
    for kind in TYPES:
        values = [None if RNG.random() < nulls else _value(kind, row) for row in range(40)]
        column = pa.array(values, kind)
        path = tmp_path / "rows.arrow"
        table = pa.table({**known, "label_2": column, "score_id": column, "x": column})
        with pa.ipc.new_file(path, table.schema) as sink:
            sink.write_table(table)
        found = guess(look(str(path)))
        assert found.label is not None
        assert (found.label.name, found.features.kind) in (("label", "text"), ("label", "vector")), kind


def _value(kind: pa.DataType, row: int) -> object:
    """Some value of a type."""
    small = row % 3
    if pa.types.is_struct(kind):
        return {"a": small, "b": ["x"]}
    if pa.types.is_map(kind):
        return [("k", small)]
    if pa.types.is_fixed_size_list(kind):
        return [0.5, 0.5]
    if hasattr(kind, "value_type") and not pa.types.is_dictionary(kind):
        return [_value(kind.value_type, row)]
    if pa.types.is_dictionary(kind) or "string" in str(kind):
        return f"v{small}"
    if pa.types.is_binary(kind):
        return b"v"
    if pa.types.is_boolean(kind):
        return small == 0
    if pa.types.is_null(kind):
        return None
    return Decimal(small) if pa.types.is_decimal(kind) else small


def test_columns_that_are_hardly_meant_as_texts_are_said(tmp_path: Path) -> None:
    lines = [f"{row % 9},'{row % 7},5',{row % 27 + 1}.12.2031,{'ab'[row % 2]}" for row in range(60)]
    lines[7] = lines[7].replace("7,", "n/a,", 1)
    (tmp_path / "rows.csv").write_text("\n".join(["n,comma,day,label", *lines]).replace("'", '"'))
    found = guess(look(str(tmp_path / "rows.csv")), label="label")
    assert [note.split(": ")[0] for note in found.notes] == [
        "n is read as texts, for a few are among its numbers",
        "comma holds numbers with a decimal comma (write 1234.5), and they are read as texts",
        "day holds dates that aren't ISO 8601 (write 2031-12-24), and they are read as texts",
    ]


def test_a_column_that_nearly_says_the_label_is_pointed_at(tmp_path: Path) -> None:
    labels = ["ab"[row % 2] for row in range(100)]
    after = [{"a": "paid", "b": "denied"}[label] for label in labels]
    after[:8] = ["denied", "paid"] * 4
    weak = [labels[row] if row % 3 else "c" for row in range(100)]
    table: dict[str, object] = {
        "n": [row % 7 for row in range(100)],
        "weak": [*weak[1:], "c"],
        "after": after,
        "label": labels,
    }
    notes = guess(seen(tmp_path, **table)).notes
    assert len(notes) == 1 and notes[0].startswith("after says label by itself in 92 % of the rows")


def test_a_name_of_several_columns_is_taken_for_nothing(tmp_path: Path) -> None:
    lines = [f"{row % 9},{row % 8},{row % 7},{row % 6},{'ab'[row % 2]}" for row in range(60)]
    (tmp_path / "rows.csv").write_text("n,n,m,o,label\n" + "\n".join(lines))
    found = guess(look(str(tmp_path / "rows.csv")), label="label")
    assert found.features.names == ("m", "o")
    assert "n is the name of several columns, none of which is taken: rename them" in found.notes


def test_a_number_for_each_class_is_no_label_and_what_to_do_is_said(tmp_path: Path) -> None:
    x, y = RNG.normal(size=(30, 4)), np.eye(3)[np.arange(30) % 3]
    np.savez(tmp_path / "a.npz", x=x, y=y)
    with pytest.raises(InputError, match=r"argmax\(y, axis=1\)"):
        guess(look(str(tmp_path / "a.npz")))


def test_arrays_of_the_shape_of_images_that_are_no_bytes_are_said(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((30, 3, 8, 8), np.int32), y=np.arange(30) % 3)
    assert "np.uint8" in look(str(tmp_path / "a.npz")).notes[0]


def test_sentences_that_a_run_puts_aside_or_mends_are_counted(tmp_path: Path) -> None:
    words = [f"w{row} in x{row % 7}".split() for row in range(40)]
    tags = [["O", "O"], ["B-a", "O", "I-a"], ["I-a", "I-a", "O"], *[["O", "O", "B-a"]] * 37]
    sentences = seen(tmp_path, words=words, again=words, ner=tags)
    found = guess(sentences)
    assert found.label is not None and (found.label.name, found.broken) == ("ner", 2)
    assert found.unlabelled == 0.04
    assert found.notes[0].startswith("1 of 40 rows have other numbers of ner and of words")
    assert found.notes[1].startswith("2 of 40 rows have a tag where its scheme has no place for it")
    assert not found.unused
    assert yaml.safe_load(starter_config(sentences, found, []))["dataset"]["tag_repair"] is True


@pytest.mark.parametrize(
    "line",
    [
        '{"text": "in New York", "x": [[3, 11, "L"]]}',
        '{"text": "in York", "x": [{"start": 3, "end": 7, "type": "L"}]}',
    ],
)
def test_texts_with_spans_of_characters_are_sentences(tmp_path: Path, line: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f'{line}\n{{"text": "none", "x": [], "more": []}}\n' * 20)
    found = guess(look(str(path)))
    assert found.label is not None and (found.label.name, found.features.names) == ("x", ("text",))
    assert look(str(path)).classes("x") == []


def test_a_token_a_row_and_lines_that_nothing_parts_are_said(tmp_path: Path) -> None:
    tags = [["O", "B-a", "I-a"][row % 3] for row in range(60)]
    found = guess(
        seen(tmp_path, sentence=[row // 3 for row in range(60)], word=["in", "New", "York"] * 20, tag=tags)
    )
    assert found.label is not None and "tags of tokens, a token a row" in found.label.doubt
    (tmp_path / "a.conll").write_text("in O\nNew B-a\nYork I-a\nthere O\n" * 200)
    assert "an empty line parts sentences" in guess(look(str(tmp_path / "a.conll"))).notes[0]


def test_sentences_are_taken_for_tokens_and_their_tags(tmp_path: Path) -> None:
    words = [f"w{row} in x{row % 7}".split() for row in range(40)]
    tags = {"pos": [["N", "P", "N"]] * 40, "ner": [["O", "O", "B-a"]] * 40}
    sentences = seen(tmp_path, id=list(range(40)), words=words, **tags)
    found = guess(sentences)
    assert (found.task, found.features.kind, found.features.names) == ("tokens", "tokens", ("words",))
    assert found.label is not None and found.label.name == "ner" and "bio" in found.label.why
    assert [other.name for other in found.others] == ["pos"]
    named = guess(sentences, label="pos").label
    assert named is not None and named.name == "pos"
