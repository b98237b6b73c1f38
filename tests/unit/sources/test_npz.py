"""Arrays of NumPy as a source: which are columns, what they become, and that nothing is unpickled."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import InputError
from labelworks.tasks.planning.open_run import plan_run
from labelworks.tasks.sources.column_roles import missing
from labelworks.tasks.sources.files import SourceReader, list_files
from labelworks.tasks.sources.formats import ReadAs, npz
from labelworks.tasks.sources.formats.npz import Npz
from labelworks.tasks.sources.profile import look

ROWS = 7


def reader(path: Path) -> SourceReader:
    (file,) = list_files(str(path), "auto", {})
    return SourceReader(str(path), file.path, file.format, {}, file.name)


def test_arrays_side_by_side_are_columns(tmp_path: Path) -> None:
    images = np.arange(ROWS * 4, dtype=np.uint8).reshape(ROWS, 2, 2)
    np.savez(
        tmp_path / "a.npz", images=images,
        y=np.array(["ä", "b"] * 3 + ["c"]), names=np.array(["ä", "b", "c"]),
        day=np.arange(ROWS).astype("datetime64[D]"), done=np.zeros(ROWS, bool), count=np.array(3),
        other=np.zeros(ROWS, complex),
    )  # fmt: skip
    found = reader(tmp_path / "a.npz")
    assert found.look().schema == pa.schema(
        {
            "images": pa.list_(pa.uint8(), 4), "y": pa.string(), "day": pa.date32(), "done": pa.bool_(),
        }
    )  # fmt: skip
    table = found.table(None, ["images", "y"])
    assert table["images"].to_pylist() == images.reshape(ROWS, 4).tolist()
    assert table["y"].to_pylist() == ["ä", "b"] * 3 + ["c"]


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(np.arange(ROWS * 3.0).reshape(ROWS, 3)),
        np.arange(ROWS * 3, dtype=">i4").reshape(ROWS, 3),
    ],
    ids=["fortran", "big-endian"],
)
def test_arrays_in_another_order_are_read_right(tmp_path: Path, array: np.ndarray[Any, Any]) -> None:
    np.savez_compressed(tmp_path / "a.npz", array=array)
    batches = reader(tmp_path / "a.npz").batches(None, None, 2)
    assert [row for batch in batches for row in batch.column(0).to_pylist()] == array.tolist()


def test_fields_of_a_structured_array_are_columns(tmp_path: Path) -> None:
    rows = np.array([(1, b"a", [0.5, 1]), (2, b"\xff", [2, 3])], [("id", "i8"), ("y", "S1"), ("x", "f4", 2)])
    np.save(tmp_path / "a.npy", rows)
    table = reader(tmp_path / "a.npy").table(None, ["id", "x"])
    assert table.to_pylist() == [{"id": 1, "x": [0.5, 1.0]}, {"id": 2, "x": [2.0, 3.0]}]


def test_labels_in_a_file_of_their_own_are_a_column_beside_the_features(tmp_path: Path) -> None:
    features, labels = np.arange(ROWS * 2.0).reshape(ROWS, 2), np.array(["a", "b"] * 3 + ["c"])
    np.save(tmp_path / "X.npy", features)
    np.save(tmp_path / "y.npy", labels)
    before = list_files(str(tmp_path), "auto", {})
    table = reader(tmp_path).table(None, ["X", "y"])
    assert table["X"].to_pylist() == features.tolist()
    assert table["y"].to_pylist() == labels.tolist()
    assert [(file.name, file.size) for file in before] == [
        ("X.npy + y.npy", sum(file.stat().st_size for file in tmp_path.iterdir()))
    ]
    np.save(tmp_path / "y.npy", labels[::-1])
    assert list_files(str(tmp_path), "auto", {})[0].fingerprint != before[0].fingerprint


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (
            ["X_train", "y_train", "X_test", "y_test"],
            ["X_test.npy + y_test.npy", "X_train.npy + y_train.npy"],
        ),
        (["train-images", "train-labels"], ["train-images.npy + train-labels.npy"]),
        (["a/X", "a/y", "b/X", "b/y", "b/ids"], ["a/X.npy + y.npy", "b/X.npy + ids.npy + y.npy"]),
        (["part-0", "part-1"], ["part-0.npy", "part-1.npy"]),
        (["X"], ["X.npy"]),
    ],
)
def test_files_go_together_where_one_holds_labels(tmp_path: Path, names: list[str], files: list[str]) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        np.save(tmp_path / f"{name}.npy", np.zeros(ROWS))
    assert [file.name for file in list_files(str(tmp_path), "auto", {})] == files


def test_arrays_side_by_side_say_the_split_that_they_are_named_by(tmp_path: Path) -> None:
    for part in ("train", "valid", "2024"):
        np.save(tmp_path / f"X_{part}.npy", np.zeros((2, 3)))
        np.save(tmp_path / f"y_{part}.npy", np.zeros(2))
    files = list_files(str(tmp_path), "auto", {})
    readers = [SourceReader(str(tmp_path), file.path, file.format, {}, file.name) for file in files]
    rows = [reader.table(None, ["split"]).to_pylist() for reader in readers]
    assert rows == [[], [{"split": "train"}] * 2, [{"split": "valid"}] * 2]


def test_two_files_that_would_be_one_column_are_refused(tmp_path: Path) -> None:
    for name in ("X_train", "train_X", "y_train"):
        np.save(tmp_path / f"{name}.npy", np.zeros(ROWS))
    with pytest.raises(InputError, match=r"X_train.npy and train_X.npy would both be the column 'X'"):
        list_files(str(tmp_path), "auto", {})


def test_labels_of_another_length_than_their_arrays_are_refused(tmp_path: Path) -> None:
    parts = {"x_test": np.zeros((ROWS - 2, 2)), "y_test": np.zeros(ROWS - 2), "classes": np.zeros(3)}
    np.savez(tmp_path / "a.npz", x_train=np.zeros((ROWS, 2)), y_train=np.zeros(ROWS), **parts)
    assert reader(tmp_path / "a.npz").schema().names == ["x_train", "y_train"]
    np.savez(tmp_path / "a.npz", x=np.zeros((ROWS, 2)), y=np.zeros(ROWS - 1))
    with pytest.raises(InputError, match="differ in rows: x has 7, y has 6"):
        reader(tmp_path / "a.npz").schema()


def test_labels_of_one_number_a_row_are_single_values(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X=np.zeros((ROWS, 1)), y_train=np.arange(ROWS)[:, None])
    table = reader(tmp_path / "a.npz").table(None, ["X", "y_train"])
    assert (table["X"].to_pylist()[0], table["y_train"].to_pylist()) == ([0.0], list(range(ROWS)))


def test_arrays_of_other_lengths_do_not_go_together(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", np.zeros((ROWS, 2)))
    np.save(tmp_path / "y.npy", np.zeros(ROWS - 1, int))
    with pytest.raises(InputError, match="differ in rows: X has 7, y has 6") as told:
        reader(tmp_path).look()
    assert told.value.where.endswith("X.npy + y.npy")


def test_a_plain_npy_is_one_column(tmp_path: Path) -> None:
    (tmp_path / "label=a").mkdir()
    np.save(tmp_path / "label=a/x.npy", np.eye(3))
    (file,) = list_files(str(tmp_path), "auto", {})
    found = SourceReader(str(tmp_path), file.path, file.format, {}, file.name)
    assert found.table(None, ["label", "array"]).to_pylist()[0] == {"label": "a", "array": [1.0, 0.0, 0.0]}


def test_objects_are_refused_and_not_unpickled(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((3, 2)), y=np.array(["a", None, Bomb()], dtype=object))
    with pytest.raises(InputError, match=r"a\.npz: array 'y' holds Python objects") as caught:
        reader(tmp_path / "a.npz").look()
    assert "np.savez(…, y=" in caught.value.fix
    np.savez(tmp_path / "b.npz", x=np.zeros((3, 2)), y=np.zeros(3), about=np.array({"made": 1}, dtype=object))
    assert reader(tmp_path / "b.npz").look().schema.names == ["x", "y"]


class Bomb:
    """Goes off where it is unpickled."""

    def __reduce__(self) -> Any:
        return (pytest.fail, ("unpickled",))


@pytest.mark.parametrize(
    "write", [lambda sink: np.savez(sink), lambda sink: sink.write(b"PK"), lambda _: None]
)
def test_a_file_without_arrays_is_named(tmp_path: Path, write: Any) -> None:
    sink = io.BytesIO()
    write(sink)
    (tmp_path / "a.npz").write_bytes(sink.getvalue())
    with pytest.raises(InputError, match=r"a\.npz: can't be read, it is corrupt"):
        reader(tmp_path / "a.npz").look()


@given(
    data=st.data(),
    rows=st.integers(1, 9),
    at_once=st.integers(1, 4),
    kind=st.sampled_from(["f2", "f4", "f8", "i1", "u2", "i8", "?", "U3", ">f4"]),
)
def test_what_is_saved_is_read(data: st.DataObject, rows: int, at_once: int, kind: str) -> None:
    shape = (rows, *data.draw(st.lists(st.integers(1, 3), max_size=2)))
    letters = {"elements": st.text("aé\U0001f600", max_size=3)} if kind == "U3" else {}
    array = data.draw(arrays.arrays(kind, shape, **letters))
    sink = io.BytesIO()
    np.savez(sink, array=array)
    read = [
        row
        for batch in Npz().batches(sink, "a.npz", None, at_once, None, ReadAs())
        for row in batch.column(0)
    ]
    expected = array.reshape(rows, -1) if array.ndim > 1 else array
    np.testing.assert_array_equal(np.array([row.as_py() for row in read]), expected)


PIXELS = np.random.default_rng(0).integers(0, 256, (ROWS, 8, 9, 3), np.uint8)


@pytest.mark.parametrize(
    ("stored", "seen"),
    [
        (PIXELS, PIXELS),
        (np.moveaxis(PIXELS, 3, 1), PIXELS),
        (PIXELS[..., 0], PIXELS[..., 0]),
        (PIXELS[..., :1], PIXELS[..., 0]),
        (np.asfortranarray(PIXELS), PIXELS),
        (
            np.concatenate([PIXELS, PIXELS[..., :1]], axis=3),
            np.concatenate([PIXELS, PIXELS[..., :1]], axis=3),
        ),
    ],
    ids=["colours", "channels first", "grey", "one channel", "fortran", "alpha"],
)
def test_pixels_that_are_named_as_images_are_images_without_loss(
    tmp_path: Path, stored: np.ndarray[Any, Any], seen: np.ndarray[Any, Any]
) -> None:
    np.savez(tmp_path / "a.npz", images=stored, y=np.arange(ROWS))
    (file,) = list_files(str(tmp_path), "auto", {})
    found = SourceReader(str(tmp_path), file.path, file.format, {}, file.name, ReadAs(pictures=("images",)))
    assert found.look().schema.field("images").type == pa.binary()
    images = found.table(None, ["images"])["images"].to_pylist()
    np.testing.assert_array_equal([np.asarray(Image.open(io.BytesIO(each))) for each in images], seen)


def test_fields_of_a_structured_array_can_be_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.zeros(ROWS, [("x", "u1", (8, 9)), ("y", "i4")])
    rows["x"] = PIXELS[..., 1]
    np.save(tmp_path / "a.npy", rows)
    config = of_images(tmp_path / "a.npy", "x")
    run, plans = plan_run(config, {})
    (part,) = plans["source"].partitions
    (values,) = run.source.reader(part).batches(["x"], 99)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(values["x"][3].as_py()))), rows["x"][3])
    assert run.source.verbatim(part).table(["x"])["x"][3].as_py() == rows["x"][3].ravel().tolist()
    monkeypatch.setattr(npz, "as_images", lambda _: pytest.fail("pixels are encoded that nobody asked for"))
    assert run.source.reader(part).table(["y"]).column_names == ["y"]


@pytest.mark.parametrize(
    "array", [PIXELS / 255, PIXELS[..., 0, 0], np.repeat(PIXELS, 2, axis=3)], ids=["floats", "flat", "six"]
)
def test_what_can_be_no_image_is_refused_by_file_and_array(tmp_path: Path, array: Any) -> None:
    np.savez(tmp_path / "a.npz", images=array, y=np.arange(ROWS))
    with pytest.raises(InputError, match=r"a\.npz: array 'images' is .* of shape \(7, .*images are uint8"):
        plan_run(of_images(tmp_path / "a.npz", "images"), {})


def of_images(path: Path, column: str) -> RunConfig:
    data = {"source": str(path), "label": "y", "features": {"image": column}}
    return RunConfig.model_validate({"dataset": data, "store": {"root": str(path.parent / "store")}})


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (np.zeros((ROWS, 2), complex), "is of complex128, which no column can be"),
        (np.zeros(ROWS, "m8[s]"), r"is of timedelta64\[s\]"),
        (np.zeros((3, 2)), "has 3 rows, and other arrays have 7 rows"),
        (np.array(3), "is a single value"),
        (np.zeros((ROWS, 0)), "has no value in a row"),
    ],
)
def test_an_array_that_is_no_column_is_said_and_refused_by_name(
    tmp_path: Path, array: np.ndarray[Any, Any], why: str
) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, X=np.arange(ROWS * 2.0).reshape(ROWS, 2), y=np.arange(ROWS) % 2, Z=array)
    seen = look(str(path))
    assert any(re.match(f"Z is left out: it {why}", note) for note in seen.notes)
    with pytest.raises(InputError, match=why):
        seen.column("Z")
    schema = reader(path).look().schema
    with pytest.raises(InputError, match=f"'Z' .for vector. {why}"):
        raise missing(schema, "a.npz", "Z", "vector")
