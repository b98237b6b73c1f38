"""Nearly sixty mistakes: each ends with its exit code and one message that says what, where and what to do.

No version is made and nothing that was there is touched, no traceback is shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.support.mistakes import (
    ROWS,
    TEXTS,
    VECTORS,
    VOTES,
    Mistake,
    data,
    file,
    judge,
    remove,
    truncated,
    votes,
    with_set,
)


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
    config("a number out of range", VECTORS + "detect: {folds: 1}\n", "expected at least 3", "config.yaml:2"),
    config("a choice there is not", VECTORS + "treat: {mode: relable}\n", "'relable'", "config.yaml:2",
           'did you mean "relabel"'),
    config("no source", "dataset: {label: a, features: {text: b}}\n", 'missing key "dataset.source"',
           "config.yaml:1", "path"),
    config("no label", "dataset: {source: data, features: {vector: vec}}\n", "label", "config.yaml:1"),
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
           VECTORS + "gates: {detect: {expectations: [{expect_luck: {column: score}}]}}\n",
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
]  # fmt: skip


@pytest.mark.parametrize(
    "mistake", [*CONFIGS, *OPTIONS, *FILES, *LABELS, *STORES], ids=lambda mistake: mistake.name
)
def test_a_mistake(
    mistake: Mistake, command: Any, snapshot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    judge(mistake, tmp_path, command, snapshot)


def test_no_mistake_is_there_twice() -> None:
    names = [each.name for each in (*CONFIGS, *OPTIONS, *FILES, *LABELS, *STORES)]
    assert len(set(names)) == len(names) > 55
