"""WebDataset: a tar whose neighbouring members of one base name are one row. Streamed, never unpacked."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa

from labelworks.tasks.sources.formats.base import FileSummary, ReadAs
from labelworks.tasks.sources.formats.packed import unpacked, with_packings
from labelworks.tasks.sources.values.columns import UNUSABLE
from labelworks.tasks.sources.values.numerals import WHOLE

KEY = "__key__"
IMAGES = ("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff")
READ = ("image", "cls", "txt", "json")
LOOKED_AT = 64  # rows that the types are inferred from
MEMBER_BYTES, BATCH_BYTES = 64 << 20, 32 << 20


@dataclass
class TarSample:
    """One row: its base name, the bytes of its members by column, and why it can't be used."""

    key: str
    held: dict[str, bytes | None] = field(default_factory=dict)
    problem: str | None = None

    @property
    def size(self) -> int:
        """Bytes held."""
        return sum(len(data or b"") for data in self.held.values())


class MemberHeader(tarfile.TarInfo):
    """A member's header; a tar that ends without its end mark was cut, which tarfile itself lets pass."""

    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> MemberHeader:
        """Read the next header. Raises tarfile.ReadError where the file ends instead."""
        try:
            return super().fromtarfile(tarfile_)
        except (tarfile.TruncatedHeaderError, tarfile.EmptyHeaderError) as error:  # type: ignore[attr-defined]
            raise tarfile.ReadError("the tar ends without its end mark") from error


class WebDataset:
    """Columns: `__key__`, `image` (jpg, png …), `cls`, `txt` and `json`, whose fields are `json.NAME`."""

    suffixes = (*with_packings("tar"), "tgz")

    def look(self, file: Any, name: str, read_as: ReadAs) -> FileSummary:
        """Infer the columns and types from the first rows."""
        first = list(islice(_samples(_opened(file, name), {"cls", "json"}), LOOKED_AT))
        seen = {column for sample in first for column in sample.held}
        kinds = {
            "image": pa.binary(),
            "txt": pa.string(),
            "cls": _label_type(first),
            "json": _json_type(first),
        }
        fields = [pa.field(column, kinds[column]) for column in READ if column in seen]
        return FileSummary(pa.schema([pa.field(KEY, pa.string()), *fields]))

    def batches(
        self,
        file: Any,
        name: str,
        columns: list[str] | None,
        rows: int,
        groups: tuple[int, ...] | None,
        read_as: ReadAs,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows in the order of the tar; images are only read where they are asked for."""
        schema = self.look(file, name, read_as).schema
        asked = schema.names if columns is None else [column.split(".")[0] for column in columns]
        schema = pa.schema([field for field in schema if field.name in asked or field.name == KEY])
        waiting: list[TarSample] = []
        size = 0
        for sample in _samples(_opened(file, name), set(schema.names)):
            waiting.append(sample)
            size += sample.size
            if len(waiting) >= rows or size >= BATCH_BYTES:
                yield _batch(waiting, schema)
                waiting, size = [], 0
        if waiting:
            yield _batch(waiting, schema)


def _opened(file: Any, name: str) -> Any:
    """The tar from its start, but for the packings that `tarfile` knows."""
    if name.lower().endswith(".zst"):
        return unpacked(file, name)
    file.seek(0)
    return file


def _samples(file: Any, wanted: set[str]) -> Iterator[TarSample]:
    """Yield the rows of a tar, with the bytes of the wanted columns (None for others)."""
    sample: TarSample | None = None
    with tarfile.open(fileobj=file, mode="r|*", tarinfo=MemberHeader) as tar:
        for member in tar:
            tar.members = []  # type: ignore[attr-defined]  # or it would remember every one
            path = PurePosixPath(member.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
            base, _, suffix = path.name.partition(".")
            column = "image" if suffix.lower() in IMAGES else suffix.lower()
            if not member.isfile() or not base or column not in READ:
                continue
            key = str(path.with_name(base))
            if sample is None or sample.key != key:
                if sample is not None:
                    yield sample
                sample = TarSample(key)
            _add(sample, column, tar, member, wanted)
    if sample is not None:
        yield sample


def _add(
    sample: TarSample, column: str, tar: tarfile.TarFile, member: tarfile.TarInfo, wanted: set[str]
) -> None:
    if column in sample.held:
        sample.problem = f"two members are its {column}"
    elif member.size > MEMBER_BYTES:
        sample.problem = f"{member.name} has {member.size:,} bytes, more than {MEMBER_BYTES:,}"
    else:
        opened = tar.extractfile(member) if column in wanted else None
        sample.held[column] = opened.read() if opened is not None else None


def _batch(samples: list[TarSample], schema: pa.Schema) -> pa.RecordBatch:
    arrays = [_array(samples, field) for field in schema]
    reasons = pa.array([sample.problem for sample in samples], pa.string())
    return pa.RecordBatch.from_arrays([*arrays, reasons], names=[*schema.names, UNUSABLE])


def _array(samples: list[TarSample], column: pa.Field) -> pa.Array:
    """The values of a column; what can't be read is null, and the problem of its row."""
    if column.name == KEY:
        return pa.array([sample.key for sample in samples], pa.string())
    values: list[Any] = []
    for sample in samples:
        data = sample.held.get(column.name)
        value = None
        try:
            value = None if data is None else pa.scalar(_parsed(column, data), column.type)
        except (ValueError, TypeError, RecursionError) as error:  # Arrow's errors are ValueErrors too
            text = str(error).split("\n")[0] or type(error).__name__
            sample.problem = sample.problem or f"its {column.name} can't be read: {text}"[:200]
        values.append(None if value is None else value.as_py())
    return pa.array(values, column.type)


def _parsed(column: pa.Field, data: bytes) -> Any:
    if column.name == "image":
        return data
    if column.name == "json":
        return json.loads(data)
    text = data.decode()
    if column.name == "txt":
        return text
    if column.type != pa.int64():
        return text.strip()
    if not re.match(WHOLE, text.strip()):
        raise ValueError("it is no whole number, as the first ones are")
    return int(text)


def _label_type(samples: list[TarSample]) -> pa.DataType:
    """Whole numbers if all of them are written as such, else strings."""
    for sample in samples:
        data = sample.held.get("cls")
        if data is not None and not re.match(WHOLE.encode(), data.strip()):
            return pa.string()
    return pa.int64()


def _json_type(samples: list[TarSample]) -> pa.DataType:
    """A struct of the fields that occur, without those whose values are of several types."""
    by_kind: dict[str, list[Any]] = {}
    for sample in samples:
        try:
            read = json.loads(sample.held.get("json") or b"{}")
        except ValueError:
            continue
        for name, value in read.items() if isinstance(read, dict) else ():
            by_kind.setdefault(name, []).append(value)
    kinds = []
    for name, values in by_kind.items():
        try:
            kinds.append(pa.field(name, pa.array(values).type))
        except pa.ArrowException:
            continue
    return pa.struct(kinds)
