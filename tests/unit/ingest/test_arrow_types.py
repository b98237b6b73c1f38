"""Every type of Arrow in every role: read, or refused with the file, the column, its type and what to do."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import InputError
from labelworks.tasks.artifacts.votes.vote_files import read_votes
from labelworks.tasks.detect.row_context import ContextReader
from labelworks.tasks.ingest.scan import scan
from labelworks.tasks.methods.encoders.values import read_texts
from labelworks.tasks.methods.encoders.vector import VectorEncoder
from labelworks.tasks.planning.open_run import plan_run
from labelworks.tasks.planning.values import votes_of
from labelworks.tasks.sources.values.joined import as_type, read_type

ROWS = 6
UTC = dt.UTC


def repeated(values: list[Any], kind: pa.DataType) -> pa.Array:
    return pa.array((values * ROWS)[:ROWS], kind)


def uuids() -> pa.Array:
    return pa.array([uuid.UUID(int=10**30 + row).bytes for row in range(ROWS)], pa.uuid())


def of_storage(kind: pa.DataType, values: list[Any]) -> pa.Array:
    return pa.ExtensionArray.from_storage(kind, repeated(values, kind.storage_type))


def union() -> pa.Array:
    kinds = pa.array([0, 1] * (ROWS // 2), pa.int8())
    return pa.UnionArray.from_sparse(kinds, [repeated([1], pa.int64()), repeated(["a"], pa.string())])


DAY, MOMENT = dt.date(2026, 1, 2), dt.datetime(2026, 1, 2, 3, 4, 5, 678901)
STRUCT = pa.struct({"bytes": pa.binary_view(), "path": pa.string_view()})
ARRAYS: dict[str, pa.Array] = {
    str(each.type): each
    for each in (
        pa.nulls(ROWS),
        repeated([True, False, None], pa.bool_()),
        *(repeated([1, 2, None], kind()) for kind in (pa.int8, pa.int16, pa.int32, pa.int64)),
        *(repeated([1, 2, None], kind()) for kind in (pa.uint8, pa.uint16, pa.uint32, pa.uint64)),
        repeated([np.float16(1), np.float16(2), None], pa.float16()),
        *(repeated([1.0, 2.0, None], kind()) for kind in (pa.float32, pa.float64)),
        *(
            repeated([decimal.Decimal(1), decimal.Decimal(2), None], kind)
            for kind in (
                pa.decimal32(5, 0), pa.decimal64(9, 2), pa.decimal128(38, 0), pa.decimal128(38, 5),
                pa.decimal256(70, 0),
            )
        ),
        *(repeated(["a", "b", None], kind()) for kind in (pa.string, pa.large_string, pa.string_view)),
        *(repeated([b"a", b"b", None], kind()) for kind in (pa.binary, pa.large_binary, pa.binary_view)),
        repeated([b"ab", b"cd", None], pa.binary(2)),
        repeated([DAY, None], pa.date32()), repeated([DAY, None], pa.date64()),
        *(repeated([MOMENT, None], pa.timestamp(unit)) for unit in ("us", "ns")),
        repeated([1767323045000000123, None], pa.timestamp("ns", "America/New_York")),
        repeated([MOMENT.replace(microsecond=0), None], pa.timestamp("s", "UTC")),
        repeated([dt.time(1, 2), None], pa.time32("s")), repeated([dt.time(1, 2), None], pa.time64("ns")),
        repeated([dt.timedelta(1), None], pa.duration("us")),
        repeated([(1, 2, 3), None], pa.month_day_nano_interval()),
        repeated([[1, 2], [3, 4], None], pa.list_(pa.int64())),
        repeated([[1.5, 2], [3, 4], None], pa.large_list(pa.float64())),
        repeated([[1, 2], [3, 4], None], pa.list_(pa.float32(), 2)),
        repeated([[1, 2], [3, 4], None], pa.list_view(pa.float32())),
        repeated([[1, 2], [3, 4], None], pa.large_list_view(pa.int8())),
        repeated([["a", "b"], ["a"], None], pa.list_(pa.string())),
        repeated([["a", "b"], ["a"], None], pa.list_view(pa.string_view())),
        repeated([[[1.0]], None], pa.list_(pa.list_(pa.float32()))),
        repeated([[{"a": 1}], None], pa.list_(pa.struct({"a": pa.int8()}))),
        repeated([{"bytes": b"a", "path": "p"}, None], STRUCT),
        repeated([{"a": 1}], pa.struct({"a": pa.int8()})),
        repeated([[("a", 1)], None], pa.map_(pa.string(), pa.int8())),
        union(),
        repeated(["a", "b", None], pa.string()).dictionary_encode(),
        repeated([1, 2, None], pa.int64()).dictionary_encode(),
        pc.run_end_encode(repeated(["a", "b", None], pa.string())),
        pc.run_end_encode(repeated([1, 2, None], pa.int64())),
        uuids(),
        of_storage(pa.json_(), ['{"a": 1}', "[2]", None]),
        of_storage(pa.bool8(), [1, 0, None]),
        of_storage(pa.opaque(pa.string(), "kind", "vendor"), ["a", "b", None]),
        pa.FixedShapeTensorArray.from_numpy_ndarray(np.ones((ROWS, 2, 2), np.float32)),
    )
}  # fmt: skip
WHOLE = {
    "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "decimal32(5, 0)",
    "decimal128(38, 0)", "decimal256(70, 0)", *(name for name in ARRAYS if "values=int64" in name),
    *(name for name in ARRAYS if "values: int64" in name),
}  # fmt: skip
NUMBERS = WHOLE | {"halffloat", "float", "double", "decimal64(9, 2)", "decimal128(38, 5)"}
TEXTS = {"string", "large_string", "string_view", "extension<arrow.uuid>", "extension<arrow.json>"} | {
    name for name in ARRAYS if "values=string" in name or "values: string" in name or "opaque" in name
}
TRUTHS = {"bool", "extension<arrow.bool8>"}
TIMES = {name for name in ARRAYS if name.startswith(("date", "timestamp"))}
VECTORS = {
    "list<item: int64>", "large_list<item: double>", "fixed_size_list<item: float>[2]",
    "list_view<item: float>", "large_list_view<item: int8>",
    *(name for name in ARRAYS if "tensor" in name),
}  # fmt: skip
READ = {
    "id": NUMBERS | TEXTS,
    "text": TEXTS | {"null"},
    "label": NUMBERS | TEXTS | TRUTHS | {"null"},
    "multilabel": VECTORS | {"list<item: string>", "list_view<item: string_view>", "null"},
    "regression": NUMBERS | {"null"},
    "vector": VECTORS,
    "time": NUMBERS | TEXTS | TIMES | {"null"},
    "groups": NUMBERS | TEXTS | TIMES | TRUTHS | {"null", "time32[s]", "time64[ns]", "duration[us]"},
    "votes": NUMBERS | TEXTS | TRUTHS | {"null"},
}
READ["columns"] = READ["groups"]


def write(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.ipc.new_file(path, table.schema) as sink:
        sink.write_table(table)


def config(folder: Path, role: str) -> RunConfig:
    """A dataset whose column `x` plays the role; all others are as they should be."""
    dataset: dict[str, Any] = {"source": f"{folder}/data", "label": "y", "features": {"text": "t"}}
    changed: dict[str, Any] = {
        "id": {"id": "x"}, "text": {"features": {"text": "x"}}, "vector": {"features": {"vector": "x"}},
        "label": {"label": "x"}, "time": {"time": "x"}, "multilabel": {"label": "x", "task": "multilabel"},
        "regression": {"label": "x", "task": "regression"},
        "votes": {"id": "i", "label": None, "votes": {"source": f"{folder}/votes", "label": "x"}},
    }.get(role, {})  # fmt: skip
    detect = {role: ["x"]} if role in ("groups", "columns") else {}
    return RunConfig.model_validate(
        {"dataset": dataset | changed, "detect": detect, "store": {"root": f"{folder}/store"}}
    )


def read(settings: RunConfig, role: str) -> pa.Array | list[Any]:
    """What a run reads of the column `x`, by the code that reads it."""
    run, plans = plan_run(settings, {})
    plan = plans["source"]
    (partition,) = plan.partitions
    if role == "votes":
        asked = votes_of(settings.dataset)
        assert asked is not None
        return read_votes(asked, run.source.options)[0]["label"]
    if role in ("text", "vector"):
        values = run.source.reader(partition).table(["x"])["x"].combine_chunks()
        if role == "text":
            return read_texts(values)[0]
        encoder = VectorEncoder()
        encoder.load(encoder.fit(values))
        return list(encoder.encode(values).vectors)
    kept_as = {"multilabel": "list", "regression": "number"}.get(role, plan.label_type)
    found = scan(partition, run.source, kept_as)
    if role in ("groups", "columns"):
        reader = ContextReader(run.source, "none")
        return next(iter(reader.of(partition, np.arange(ROWS, dtype=np.int32))[0].values()))
    if role == "time":
        return as_type(run.source.reader(partition).table(["x"])["x"], read_type(found.time))
    return found.rows["id" if role == "id" else "label"]


@pytest.mark.parametrize("role", READ)
def test_every_type_is_read_or_refused_with_what_it_is_and_what_to_do(tmp_path: Path, role: str) -> None:
    table = pa.table({"i": list(map(str, range(ROWS))), "t": ["some text"] * ROWS, "y": ["a", "b"] * 3})
    for place, (name, values) in enumerate(ARRAYS.items()):
        folder = tmp_path / str(place)
        held = table.append_column("x", values)
        votes = pa.table({"item": table["i"], "annotator": ["w"] * ROWS, "x": values})
        write(folder / "data/a.arrow", held if role != "votes" else table)
        write(folder / "votes/v.arrow", votes)
        if name in READ[role]:
            assert read(config(folder, role), role) is not None, name
            continue
        with pytest.raises(InputError) as caught:
            read(config(folder, role), role)
        assert "column 'x' is " in caught.value.what, name
        assert caught.value.where.endswith(".arrow"), name
        assert "name another column" in caught.value.fix, name
    assert not READ[role] - set(ARRAYS)


def test_values_of_every_type_are_what_they_were(tmp_path: Path) -> None:
    def values(name: str, role: str) -> list[Any]:
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        table = pa.table({"t": ["some text"] * ROWS, "y": ["a", "b"] * 3, "x": ARRAYS[name]})
        write(folder / "data/a.arrow", table)
        found = read(config(folder, role), role)
        return found if isinstance(found, list) else found.to_pylist()

    assert values("extension<arrow.uuid>", "id")[0] == str(uuid.UUID(int=10**30))
    assert values("double", "label") == values("decimal128(38, 5)", "label") == [1, 2] * 2
    assert values("extension<arrow.bool8>", "label") == ["true", "false"] * 2
    assert values("list_view<item: string_view>", "multilabel") == [["a", "b"], ["a"]] * 2
    assert values("large_list<item: double>", "multilabel") == [["3", "4"]] * 2  # 1.5 is no class
    assert values("timestamp[ns, tz=America/New_York]", "time")[0].nanosecond == 123
    assert values("decimal256(70, 0)", "id") == values("double", "id") == ["1", "2"] * 2
    assert values("list_view<item: float>", "vector")[1].tolist() == [3, 4]


def test_numbers_that_fit_nowhere_are_rounded_or_put_aside(tmp_path: Path) -> None:
    large = pa.array([2**63 + 5, 2**53 + 1, 1, 2, 1, 2], pa.uint64())
    table = pa.table({"t": ["some text"] * ROWS, "y": ["a", "b"] * 3, "x": large})
    write(tmp_path / "data/a.arrow", table)
    run, plans = plan_run(config(tmp_path, "label"), {})
    found = scan(plans["source"].partitions[0], run.source, plans["source"].label_type)
    assert found.rows["label"].to_pylist() == [2**53 + 1, 1, 2, 1, 2]
    assert found.rejected["reason"].to_pylist() == [
        "label is a number too large to be a class: write it as a string"
    ]
    assert read(config(tmp_path, "regression"), "regression").to_pylist()[:2] == [2.0**63, 2.0**53]
    vectors = pa.FixedSizeListArray.from_arrays(pa.array([2**24 + 1, 2**33] * ROWS, pa.uint64()), 2)
    write(tmp_path / "data/a.arrow", table.set_column(2, "x", vectors))
    assert read(config(tmp_path, "vector"), "vector")[0].tolist() == [2.0**24, 2.0**33]
