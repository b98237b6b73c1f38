"""Sixty mistakes: each ends with its exit code and one message that says what, where and what to do.

No version is made and nothing that was there is touched, no traceback is shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.integration
ROWS = 300
COLOURS = ["red", "green", "blue"]
NOBODY = "127.0.0.1:9"  # nobody listens there
NOWHERE = f"PREFECT_API_URL http://{NOBODY}/api"
VECTORS = "dataset: {source: data, id: id, label: label, features: {vector: vec}}\n"
TEXTS = "dataset: {source: data, id: id, label: label, features: {text: text}}\n"
VOTES = "dataset: {source: data, id: id, features: {vector: vec}, votes: {source: votes, item: id}}\n"
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


def config(
    name: str, text: str | bytes | None, says: str, where: str = "config.yaml", fix: str = "."
) -> Mistake:
    return Mistake(name, text, says, where, fix)


CONFIGS = [
    config("no config", None, "no such file", fix="labelworks init"),
    config("an empty config", "", "the file is empty", fix="labelworks init"),
    config("a list", "- dataset\n", "expected keys", "config.yaml:1", "labelworks init"),
    config("no YAML", "dataset: {source: data\nstore: }\n", "YAML", r"config.yaml:\d"),
    config("not UTF-8", "dataset: {name: \xe9}\n".encode("latin-1"), "not UTF-8", "config.yaml:1"),
    config("a tag that makes objects", "dataset: !!python/object:os.system {}\n", "tag|YAML",
           "config.yaml:1"),
    config("a key twice", VECTORS + "seed: 1\nseed: 2\n", "twice|duplicate", "config.yaml:3"),
    config("an unknown section", VECTORS + "detekt: {}\n", 'unknown key "detekt"', "config.yaml:2", "detect"),
    config("an unknown key", VECTORS + "detect: {flods: 5}\n", 'unknown key "detect.flods"', "config.yaml:2",
           "folds"),
    config("a word for a number", VECTORS + "detect: {folds: five}\n", "expected a whole number",
           "config.yaml:2"),
    config("a number out of range", VECTORS + "detect: {folds: 1}\n", "expected at least 2", "config.yaml:2"),
    config("a choice there is not", VECTORS + "treat: {mode: relable}\n", "'relable'", "config.yaml:2",
           'did you mean "relabel"'),
    config("no source", "dataset: {label: a, features: {text: b}}\n", 'missing key "dataset.source"',
           "config.yaml:1", "path"),
    config("no label", "dataset: {source: data, features: {vector: vec}}\n", "label", "config.yaml:1"),
    config("two kinds of features", VECTORS.replace("vector: vec", "vector: vec, text: text"), "exactly one",
           "config.yaml:1", "vector"),
    config("a secret", VECTORS + "store: {storage_options: {secret: abc}}\n", "looks like a secret",
           "config.yaml:2", "environment"),
    config("a password in a URL", VECTORS.replace("source: data", "source: 's3://me:pw@bucket/x'"),
           "user or a password", "config.yaml:1", "environment"),
    config("an unknown noise method", VECTORS + "detect: {noise: {method: cleanlab}}\n", "'cleanlab'",
           "config.yaml:2: detect.noise.method", "choices|did you mean"),
    config("an option no method has", VECTORS + "detect: {noise: {options: {sharp: 1}}}\n", "sharp",
           "config.yaml:2: detect.noise.options"),
    config("an unknown shift method", VECTORS + "detect: {shift: {method: bsee}}\n", "'bsee'",
           "config.yaml:2: detect.shift.method", "bbse"),
    config("an unknown probe", VECTORS + "detect: {probes: [lda, svm]}\n", "'svm'",
           "config.yaml:2: detect.probes",
           "ridge"),
    config("an encoder of another kind", VECTORS + "encoder: {name: tfidf}\n", "reads text",
           "config.yaml:2: encoder.name", "."),
    config("an unknown option of an encoder", TEXTS + "encoder: {options: {dim: 3}}\n", "'dim'",
           "config.yaml:2: encoder", "dims"),
    config("a threshold there is not", VECTORS + "gates: {publish: {thresholds: {min_part: 1}}}\n",
           "min_part",
           "config.yaml:2: gates.publish.thresholds", "min_parts"),
    config("an expectation there is not",
           VECTORS + "gates: {detect: {expectations: [{expectation: expect_luck}]}}\n",
           "expect_luck", "config.yaml:2: gates.detect.expectations"),
    config("two clusters", VECTORS + "compute: {scheduler: 'tcp://127.0.0.1:9', cluster_class: a.B}\n",
           "not both", "config.yaml:2"),
    config("a cluster class there is not", VECTORS + "compute: {cluster_class: dask_jobqueue.SlurmCluster}\n",
           "SlurmCluster", "config.yaml:2: compute.cluster_class"),
    config("a schedule that is none", VECTORS + "schedule: {cron: 'every day'}\n", "every day|cron",
           "config.yaml:2: schedule"),
]  # fmt: skip
OPTIONS = [
    Mistake("an option without a value", VECTORS, "expected key.sub=value", "--set seed", ".",
            arguments=with_set("seed")),
    Mistake("a window without a time", VECTORS, "time|window", "--set dataset.window|config.yaml",
            "dataset.time|{window}",
            arguments=("run", "config.yaml", "--window", "2026-01")),
    Mistake("shift of several labels", VECTORS, "not looked at", "detect.shift", "leave it out",
            arguments=with_set("dataset.task=multilabel", "detect.shift.method=bbse-hard")),
    Mistake("a run there is not", VECTORS, "no run", "labelworks-store|nothere", ".",
            arguments=("report", "nothere")),
    Mistake("a version there is not", VECTORS, "version", ".", ".", arguments=("rollback", "data", "3")),
]  # fmt: skip
FILES = [
    Mistake("no such source", VECTORS, "no such|no files|not there", "nowhere", ".",
            arguments=with_set("dataset.source=nowhere")),
    Mistake("an empty folder", VECTORS, "no files", "data", ".", make=remove("data/rows.parquet")),
    Mistake("no data among the files", VECTORS, "none of the files is data", "data", "parquet",
            make=file("readme.txt", "hello")),
    Mistake("an empty file", VECTORS, "empty", "data", ".", make=file("rows.parquet", b"")),
    Mistake("a truncated file", VECTORS, "corrupt or truncated", "data/rows.parquet", "write the file again",
            make=truncated),
    Mistake("no parquet inside", VECTORS, "corrupt or truncated", "data/rows.parquet", "write the file again",
            make=file("rows.parquet", b"PAR1" + bytes(range(200)))),
    Mistake("JSON that ends too early", VECTORS, "corrupt|JSON|put aside", "data/a.jsonl", ".",
            make=file("a.jsonl", '{"id": 1, "label": "a", "vec": [1,')),
    Mistake("a CSV file of a header", TEXTS, "empty|no row", "data", ".", make=file("a.csv",
            "id,label,text\n")),
    Mistake("a column there is not", VECTORS, "no column 'lable'", "data/rows.parquet",
            "did you mean 'label'",
            arguments=with_set("dataset.label=lable")),
    Mistake("an id there is not", VECTORS, "no column 'key'", "data/rows.parquet", "columns: id",
            arguments=with_set("dataset.id=key")),
    Mistake("features of another kind", VECTORS, "vector needs", "data/rows.parquet", ".",
            arguments=with_set("dataset.features={vector: text}")),
    Mistake("texts that are numbers", TEXTS, "text needs", "data/rows.parquet", ".",
            arguments=with_set("dataset.features={text: vec}")),
    Mistake("a time there is not", VECTORS, "no column 'week'", "data/rows.parquet", "columns: id",
            arguments=with_set("dataset.time=week")),
    Mistake("a target that is not there", VECTORS, "no such|no files|not there", "nowhere", ".",
            arguments=with_set("dataset.target=nowhere")),
    Mistake("images that are paths to nothing", VECTORS, "image needs", "data/rows.parquet", ".",
            arguments=with_set("dataset.features={image: day}")),
]  # fmt: skip
LABELS = [
    Mistake("one class", VECTORS, "one class only", "data, column 'label'", "dataset.label",
            make=data(label=["a"] * ROWS)),
    Mistake("no label at all", VECTORS, "no row has a label", "data, column 'label'", "dataset.label",
            make=data(label=pa.nulls(ROWS, pa.string()))),
    Mistake("ids as labels", VECTORS, "as an id has", "data, column 'id'", "dataset.label",
            arguments=with_set("dataset.label=id", "dataset.id=null")),
    Mistake("numbers as classes", VECTORS, "only 2 of 300 rows", "data, column 'label'", "regression",
            make=data(label=np.linspace(0, 1, ROWS))),
    Mistake("vectors as labels", VECTORS, "label needs", "data/rows.parquet", ".",
            arguments=with_set("dataset.label=vec")),
    Mistake("classes that none has", VECTORS, "no row has a label", "data, column 'label'", "dataset.classes",
            arguments=with_set("dataset.classes=[cat, dog]")),
    Mistake("words as numbers", VECTORS, "regression needs numbers|label needs", "data/rows.parquet", ".",
            arguments=with_set("dataset.task=regression")),
    Mistake("one class a row for several", VECTORS, "lists", "data/rows.parquet", ".",
            arguments=with_set("dataset.task=multilabel")),
    Mistake("votes on other rows", VOTES, "no votes", "column 'label'", "holds the ids", begun=True,
            make=votes(id=["x1", "x2"], annotator=["a", "b"], label=["y", "n"])),
    Mistake("votes without annotators", VOTES, "no column 'annotator'", "votes/votes.parquet", "columns: id",
            begun=True, make=votes(id=["r01"], who=["a"], label=["y"])),
    Mistake("probabilities of two classes for three", VECTORS, "length 2|2 numbers|3 classes", "data", ".",
            begun=True, make=data(probs=[[0.5, 0.5]] * ROWS),
            arguments=with_set("dataset.pred_probs=probs", "dataset.classes=[kind-0, kind-1, kind-2]")),
]  # fmt: skip
STORES = [
    Mistake("a store that is a file", VECTORS, "not a folder|file", "config.yaml", ".",
            arguments=with_set("store.root=config.yaml")),
    Mistake("a store nobody knows", VECTORS, "no protocol", "store.root", "s3",
            arguments=with_set("store.root='ftpx://there'")),
    Mistake("a source on a server that is not there", VECTORS, "can't be reached", "s3://bucket", ".",
            arguments=with_set("dataset.source='s3://bucket/x'",
                               f"dataset.storage_options={{endpoint_url: 'http://{NOBODY}'}}")),
    Mistake("a store on a server that is not there", VECTORS, "can't be reached", "s3://bucket", ".",
            arguments=with_set("store.root='s3://bucket/x'",
                               f"store.storage_options={{endpoint_url: 'http://{NOBODY}'}}")),
    Mistake("a scheduler that is not there", VECTORS, "no Dask scheduler answers", "compute.scheduler",
            "address", arguments=with_set(f"compute.scheduler=tcp://{NOBODY}")),
    Mistake("a Prefect server that is not there", VECTORS, "doesn't answer", NOWHERE,
            "unset PREFECT_API_URL", code=1, api=f"http://{NOBODY}/api"),
    Mistake("nothing to deploy to", VECTORS, "doesn't answer", NOWHERE,
            "prefect server start", code=1, api=f"http://{NOBODY}/api", arguments=("deploy", "config.yaml")),
    Mistake("nothing to serve with", VECTORS, "doesn't answer", NOWHERE,
            "prefect server start", code=1, api=f"http://{NOBODY}/api", arguments=("serve", "config.yaml")),
    Mistake("a Secret block there is not", VECTORS, "no Secret block 'nothere'", "store.secret", "create it",
            arguments=with_set("store.secret=nothere")),
    Mistake("a receiver that can't be", VECTORS, "expected HOST:PORT", "--listen", ".",
            arguments=("serve", "config.yaml", "--listen", "nowhere")),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    pq.write_table(table(), tmp_path / "data/rows.parquet")
    return tmp_path


def see(mistake: Mistake, folder: Path, command: Any, snapshot: Any) -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: mistake.api} if mistake.api else {}):
        judge(mistake, folder, command, snapshot)


def judge(mistake: Mistake, folder: Path, command: Any, snapshot: Any) -> None:
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
    assert not re.search(
        r"Traceback|unexpected \w*(Error|Exception|keyword)|ERROR|<class|object at 0x", err
    ), shown
    first, _, rest = err[err.index("labelworks: ") :].removeprefix("labelworks: ").partition("\n")
    assert re.search(mistake.says, first), shown
    assert re.search(mistake.where, first), shown
    assert re.search(mistake.fix, rest or first), shown
    after = snapshot(folder)
    assert {name: after.get(name) for name in before} == before, shown
    assert not [name for name in after if name not in before and not mistake.begun], shown
    assert not [name for name in after if "manifest" in name or "/versions/" in name], shown


@pytest.mark.parametrize(
    "mistake", [*CONFIGS, *OPTIONS, *FILES, *LABELS, *STORES], ids=lambda mistake: mistake.name
)
def test_a_mistake(
    mistake: Mistake, folder: Path, command: Any, snapshot: Any, prefect_api: str, capfd: Any
) -> None:
    see(mistake, folder, command, snapshot)


def test_there_are_sixty() -> None:
    names = [each.name for each in (*CONFIGS, *OPTIONS, *FILES, *LABELS, *STORES)]
    assert len(set(names)) == len(names) >= 60
    assert json.dumps(names)
