"""A folder that Hugging Face `datasets` loads from disk: one Arrow stream a part, the state last."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from labelworks.tasks.artifacts.features import as_encoded, resolved
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.exports.base import Version
from labelworks.tasks.exports.rows import beside_source
from labelworks.tasks.sources.source import Source
from labelworks.tasks.sources.values.text import replaced

LABELS = ("label", "original_label", "suggestion")


def address(version: Version) -> str:
    """Where the folder is."""
    return version.store.url(_folder(version))


def done(version: Version) -> bool:
    """Whether the folder is complete."""
    return version.store.exists(f"{_folder(version)}/state.json")


def write(version: Version) -> None:
    """Write the files that are missing, then the list of them."""
    files = map_partitions("datasets", write_file, range(len(version.parts)), unit="files", version=version)
    info = {"description": f"{version.dataset}, version {version.number}", "features": None}
    version.store.write_json(f"{_folder(version)}/dataset_info.json", info)
    state: dict[str, Any] = {
        "_data_files": [{"filename": name} for name in files],
        "_fingerprint": version.run_id,
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
        "_split": None,
    }
    version.store.write_json(f"{_folder(version)}/state.json", state)


def write_file(number: int, version: Version) -> str:
    """Write one part as an Arrow stream, or find it written; its name in the folder."""
    name = f"data-{number:05d}-of-{len(version.parts):05d}.arrow"
    place = f"{_folder(version)}/{name}"
    if not version.store.exists(place):
        sink = io.BytesIO()
        stream = None
        for table in _tables(version, version.parts[number]):
            stream = stream or pa.ipc.new_stream(sink, table.schema)
            stream.write_table(table)
        if stream is not None:
            stream.close()
        version.store.write(place, sink.getvalue())
    return name


def _tables(version: Version, part: str) -> Iterator[pa.Table]:
    """The rows of a part with the text, image or numbers that they are of, in the order of the source."""
    source, published = version.source, version.store.read_schema(part).names
    asked = source.columns
    for theirs, mine in beside_source(version, part, published, list(asked.features)):
        table = mine
        for column in LABELS:
            if column in published and version.ref.classes:
                codes = _codes(mine[column].combine_chunks(), version.ref.classes)
                table = table.set_column(published.index(column), column, codes)
        columns = _features(source, theirs)
        for place, (name, values) in enumerate(columns.items(), 1):
            table = table.add_column(place, _called(name, published), values)
        images = [part.names[0] for part in asked.by_kind if part.kind == "image"]
        image = _called(images[0], published) if images else None
        yield table.replace_schema_metadata(_metadata(table.schema, version, image))


def _features(source: Source, rows: pa.RecordBatch) -> dict[str, pa.Array]:
    """The columns of the features, by name."""
    columns: dict[str, pa.Array] = {}
    for part in source.columns.by_kind:
        if part.kind == "columns":
            columns |= {name: rows.column(name) for name in part.names}
            continue
        own = source.only(part.kind)
        values = resolved(own, as_encoded(own, pa.Table.from_batches([rows])))
        columns[part.names[0]] = _featured(values, part.kind)
    return columns


def _called(name: str, published: list[str]) -> str:
    return f"source_{name}" if name in published else name


def _codes(labels: pa.Array, classes: tuple[str | int, ...]) -> pa.Array:
    """The places of classes among all of them, and so of lists of classes; null stays null."""
    if not pa.types.is_list(labels.type):
        return pc.index_in(labels, value_set=pa.array(classes, labels.type)).cast(pa.int64())
    codes = _codes(labels.values, classes)
    return pa.ListArray.from_arrays(labels.offsets, codes, mask=labels.is_null())


def _featured(values: pa.Array, kind: str) -> pa.Array:
    """Values as `datasets` has them, of one type in all files: strings, lists of float32, images."""
    if kind == "text":
        return replaced(values).cast(pa.string())
    if kind == "vector":
        return values.cast(pa.list_(pa.float32()), safe=False)
    if kind != "image":
        return values
    data = pc.struct_field(values, "bytes") if pa.types.is_struct(values.type) else values
    return pa.StructArray.from_arrays(
        [data.cast(pa.binary()), pa.nulls(len(data), pa.string())], names=["bytes", "path"]
    )


def _metadata(schema: pa.Schema, version: Version, image: str | None) -> dict[bytes | str, bytes | str]:
    """What `datasets` reads of a file's columns: which are images, and the names of the classes."""
    features: dict[str, Any] = {}
    label = {"names": [str(name) for name in version.ref.classes], "_type": "ClassLabel"}
    if version.ref.classes:
        listed = version.ref.label_type in ("list", "tags")
        named = {"feature": label, "_type": "Sequence"} if listed else label
        features = {name: named for name in LABELS if name in schema.names}
    if image is not None:
        features[image] = {"_type": "Image"}
    return {**(schema.metadata or {}), "huggingface": json.dumps({"info": {"features": features}})}


def _folder(version: Version) -> str:
    return f"{version.folder}/datasets"
