"""Folders that Hugging Face `datasets` wrote by `save_to_disk`: which of their files are the dataset."""

from __future__ import annotations

import json
from typing import Any

from labelworks.schemas.errors import InputError

STATE, SPLITS = "state.json", "dataset_dict.json"


def without_leftovers(fs: Any, found: dict[str, dict[str, Any]], source: str) -> dict[str, dict[str, Any]]:
    """The files found, without those that a `datasets` folder keeps besides its data (caches of `map`).

    Raises InputError if the folder holds several splits: which one is meant has to be said.
    """
    for path in found:
        if path.rsplit("/", 1)[-1] == SPLITS:
            splits = ", ".join(sorted(json.loads(fs.cat_file(path)).get("splits", [])))
            raise InputError(
                f"a dataset with splits: {splits}",
                where=source,
                fix=f"name one of them: {source.rstrip('/')}/{splits.split(', ')[0]}",
            )
    kept = dict(found)
    for path in found:
        folder, _, name = path.rpartition("/")
        if name != STATE or f"{folder}/dataset_info.json" not in found:
            continue
        listed = {entry["filename"] for entry in json.loads(fs.cat_file(path)).get("_data_files", [])}
        for other in found:
            inside, _, file = other.rpartition("/")
            if inside == folder and file not in listed:
                kept.pop(other, None)
    return kept
