"""Mistakes that a person may make, and what has to be seen of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 300
COLOURS = ["red", "green", "blue"]
NOBODY = "127.0.0.1:9"  # nobody listens there
NOWHERE = f"PREFECT_API_URL http://{NOBODY}/api"
VECTORS = "dataset: {source: data, id: id, label: label, features: {vector: vec}}\n"
TEXTS = "dataset: {source: data, id: id, label: label, features: {text: text}}\n"
VOTES = "dataset: {source: data, id: id, features: {vector: vec}, votes: {source: votes, item: id}}\n"
# What no message for people holds.
RAW = re.compile(r"Traceback|unexpected \w*(Error|Exception|keyword)|ERROR|<class|object at 0x")
Make = Callable[[Path], None]


@dataclass(frozen=True)
class Mistake:
    """config: the file's text, None where there is none; make: changes what lies in the folder."""

    name: str
    config: str | bytes | None
    says: str
    where: str
    fix: str
    code: int = 2
    arguments: tuple[str, ...] = ("run", "config.yaml")
    make: Make | None = None
    api: str = ""  # PREFECT_API_URL
    begun: bool = False  # the rows had to be read: what was put aside is in the run's folder


def table(**columns: Any) -> pa.Table:
    rng = np.random.default_rng(0)
    code = np.arange(ROWS) % 3
    made = {
        "id": [f"r{row:03d}" for row in range(ROWS)],
        "label": [f"kind-{each}" for each in code],
        "vec": (5 * np.eye(3)[code] + rng.normal(size=(ROWS, 3))).round(3).tolist(),
        "text": [f"{COLOURS[each]} thing {row}" for row, each in enumerate(code)],
        "day": [f"2026-01-{1 + row % 28:02d}" for row in range(ROWS)],
    }
    return pa.table({**made, **columns})


def data(**columns: Any) -> Make:
    """The table with these columns instead."""

    def make(folder: Path) -> None:
        pq.write_table(table(**columns), folder / "data/rows.parquet")

    return make


def file(name: str, content: bytes | str, *, alone: bool = True) -> Make:
    """A file in the source, alone or beside the table."""

    def make(folder: Path) -> None:
        if alone:
            (folder / "data/rows.parquet").unlink()
        raw = content if isinstance(content, bytes) else content.encode()
        (folder / "data" / name).write_bytes(raw)

    return make


def votes(**columns: Any) -> Make:
    def make(folder: Path) -> None:
        (folder / "votes").mkdir()
        pq.write_table(pa.table(columns), folder / "votes/votes.parquet")

    return make


def remove(name: str) -> Make:
    return lambda folder: (folder / name).unlink()


def edited(column: str, values: dict[int, Any]) -> Make:
    made = table()[column].to_pylist()
    for row, value in values.items():
        made[row] = value
    return data(**{column: made})


def truncated(folder: Path) -> None:
    whole = (folder / "data/rows.parquet").read_bytes()
    (folder / "data/rows.parquet").write_bytes(whole[: len(whole) // 2])


def with_set(setting: str, *more: str) -> tuple[str, ...]:
    return ("run", "config.yaml", *(word for each in (setting, *more) for word in ("--set", each)))


def judge(mistake: Mistake, folder: Path, command: Any, snapshot: Any) -> None:
    """Make the mistake in a folder that holds the table as its source, and look at what is said and left."""
    (folder / "data").mkdir()
    pq.write_table(table(), folder / "data/rows.parquet")
    if mistake.config is not None:
        text = mistake.config
        (folder / "config.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    if mistake.make is not None:
        mistake.make(folder)
    before = snapshot(folder)
    code, out, err = command(*mistake.arguments)
    shown = f"{mistake.name}: exit {code}\n{err}"
    assert out == "", shown
    assert code == mistake.code, shown
    assert err.count("labelworks: ") == 1, shown
    assert not RAW.search(err), shown
    first, _, rest = err[err.index("labelworks: ") :].removeprefix("labelworks: ").partition("\n")
    assert re.search(mistake.says, first), shown
    assert re.search(mistake.where, first), shown
    assert re.search(mistake.fix, rest or first), shown
    after = snapshot(folder)
    assert {name: after.get(name) for name in before} == before, shown
    assert not [name for name in after if name not in before and not mistake.begun], shown
    assert not [name for name in after if "manifest" in name or "/versions/" in name], shown
