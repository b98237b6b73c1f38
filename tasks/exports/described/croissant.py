"""Croissant 1.0: a version as JSON-LD, which catalogues read and mlcroissant loads rows by.

MLCommons (2024), "Croissant: A Metadata Format for ML-Ready Datasets"; the limitations by its RAI extension.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.exports.base import Version
from labelworks.tasks.exports.described.facts import Facts, facts_of
from labelworks.tasks.storage.store import Store

NAME = "croissant.json"
FORMAT = "application/x-parquet"
FILES = "published-parts"
CONTEXT: dict[str, Any] = {
    "@language": "en", "@vocab": "https://schema.org/", "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/", "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/", "citeAs": "cr:citeAs", "column": "cr:column",
    "conformsTo": "dct:conformsTo", "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract", "field": "cr:field", "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet", "format": "cr:format", "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath", "key": "cr:key", "md5": "cr:md5", "parentField": "cr:parentField",
    "path": "cr:path", "recordSet": "cr:recordSet", "references": "cr:references", "regex": "cr:regex",
    "repeated": "cr:repeated", "replace": "cr:replace", "separator": "cr:separator", "source": "cr:source",
    "subField": "cr:subField", "transform": "cr:transform",
}  # fmt: skip
TYPES = (
    (r"u?int\d+", "sc:Integer"), (r"float|double|halffloat|decimal.*", "sc:Float"), (r"bool", "sc:Boolean"),
    (r"(timestamp|date|time).*", "sc:Date"),
)  # fmt: skip


def address(version: Version) -> str:
    """Where it is."""
    return version.store.url(_name(version))


def done(version: Version) -> bool:
    """Whether it is written."""
    return version.store.exists(_name(version))


def write(version: Version) -> None:
    """Write it beside the published parts, which it names by where they lie from there."""
    version.store.write_json(_name(version), croissant(version))


def croissant(version: Version) -> dict[str, Any]:
    """The JSON-LD of a version. Every part is read once, for its SHA-256."""
    facts = facts_of(version)
    files = map_partitions("croissant", file_object, version.parts, unit="files", store=version.store)
    parts = [dict(file, contentUrl=part) for file, part in zip(files, version.record.parts, strict=True)]
    about, record = facts.about, facts.record
    said = {
        "license": about.get("license"), "url": about.get("source"), "citeAs": about.get("citation"),
        "creator": {"@type": "sc:Organization", "name": about["creator"]} if about.get("creator") else None,
        "inLanguage": list(about.get("language") or ()),
    }  # fmt: skip
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": re.sub(r"[^A-Za-z0-9._-]", "-", record.dataset),
        "alternateName": facts.title,
        "description": about.get("description") or f"{facts.title}, published by Labelworks.",
        "datePublished": record.finished,
        "version": f"{record.version or 0}.0.0",
        **{name: value for name, value in said.items() if value},
        "rai:dataLimitations": "; ".join(f"{name}: {value}{f' ({more})' if more else ''}"
                                         for name, value, more in facts.nutrition),
        "distribution": [*parts, _all_parts(facts.folder)],
        "recordSet": [_rows(facts)],
    }  # fmt: skip


def file_object(part: str, store: Store) -> dict[str, Any]:
    """A part as a file of the distribution, without its address."""
    data = store.read(part)
    name = part.rpartition("/")[2]
    return {
        "@type": "cr:FileObject", "@id": name, "name": name, "encodingFormat": FORMAT,
        "contentSize": f"{len(data)} B", "sha256": hashlib.sha256(data).hexdigest(),
    }  # fmt: skip


def text_of(version: Version) -> str:
    """The JSON-LD as text."""
    return json.dumps(croissant(version), ensure_ascii=False, indent=2)


def _all_parts(folder: str) -> dict[str, Any]:
    return {"@type": "cr:FileSet", "@id": FILES, "name": FILES, "encodingFormat": FORMAT,
            "includes": f"{folder}/*.parquet"}  # fmt: skip


def _rows(facts: Facts) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet", "@id": "rows", "name": "rows",
        "description": "the published rows, one for each usable row of the source",
        "key": {"@id": "rows/id"},
        "field": [_field(*column) for column in facts.columns],
    }  # fmt: skip


def _field(name: str, kind: str, about: str) -> dict[str, Any]:
    inner = re.fullmatch(r"list<\w+: (.*)>", kind)
    made = {
        "@type": "cr:Field", "@id": f"rows/{name}", "name": f"rows/{name}", "description": about,
        "dataType": _type(inner[1] if inner else kind),
        "source": {"fileSet": {"@id": FILES}, "extract": {"column": name}},
    }  # fmt: skip
    return {**made, "repeated": True} if inner else made


def _type(kind: str) -> str:
    return next((name for pattern, name in TYPES if re.fullmatch(pattern, kind)), "sc:Text")


def _name(version: Version) -> str:
    return f"{version.folder}/{NAME}"
