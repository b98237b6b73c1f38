"""A folder that Hugging Face `datasets` loads from disk: one Arrow stream a part, the state last."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa

from tasks.io.exports.base import Version
from tasks.io.partitions import map_partitions


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
        table = version.store.read_table(version.parts[number])
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
        version.store.write(place, sink.getvalue())
    return name


def _folder(version: Version) -> str:
    return f"{version.folder}/datasets"
