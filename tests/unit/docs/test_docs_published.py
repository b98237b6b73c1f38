"""The published columns are those that the README and docs/formats.md name, and each says what it is."""

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from labelworks.schemas.tables import described, published_schema, published_target_schema

ROOT = Path(__file__).parents[3]
NAMES = published_schema(pa.string()).names


def test_the_readme_lists_the_published_columns():
    listed = re.search(r"published is plain parquet: `([^`]*)`", (ROOT / "README.md").read_text())
    assert re.split(r",\s+", listed[1]) == NAMES


def test_the_table_of_the_docs_describes_each_of_them():
    text = (ROOT / "docs/formats.md").read_text()
    table = text[text.index("| column | what it is |") :].split("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \| \S", table, re.MULTILINE) == NAMES


def test_every_published_field_says_what_it_is():
    for schema in (published_schema(pa.int64()), published_target_schema(pa.list_(pa.string()))):
        assert [field.name for field in schema if not (field.metadata or {}).get(b"about")] == []


def test_the_metadata_holds_the_order_of_the_classes():
    schema = described(published_schema(pa.string()), ("ж", "a"), "classification", "r1")
    assert json.loads(schema.metadata[b"labelworks.classes"]) == ["ж", "a"]
    assert schema.metadata[b"labelworks.run_id"] == b"r1"
    assert schema.field("weight").metadata == published_schema(pa.string()).field("weight").metadata


def test_the_classes_are_read_as_the_docs_say(tmp_path):
    schema = described(published_schema(pa.string()), ("b", "a"), "classification", "r1")
    pq.write_table(schema.empty_table(), tmp_path / "part.parquet")
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/formats.md").read_text(), re.DOTALL)
    names = {"json": json, "pyarrow": pa, "part": tmp_path / "part.parquet"}
    exec(code, names)
    assert names["classes"] == ["b", "a"]
