"""The README is true: its config loads, its commands run, its method works."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from labelworks.flows.preflight import check_methods
from labelworks.schemas.config.load import load_config
from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.statistics.sums import FoldSums

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
TOPICS = {"refund": ("money", "card", "paid", "charge"), "delivery": ("parcel", "courier", "late", "address")}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [shlex.split(line, comments=True) for line in lines if line.startswith("labelworks")]


def reviews(folder: Path, rows: int = 400) -> None:
    rng = np.random.default_rng(0)
    labels = rng.choice(list(TOPICS), rows)
    texts = [
        " ".join([*rng.choice(TOPICS[label], 3), *rng.choice(["the", "my", "please"], 2)]) for label in labels
    ]
    folder.mkdir()
    ids = [f"r{row}" for row in range(rows)]
    pq.write_table(pa.table({"review_id": ids, "body": texts, "topic": labels}), folder / "reviews.parquet")


def test_every_make_target_named_exists() -> None:
    targets = re.findall(r"^make (\w+)", "\n".join(blocks("sh")), re.MULTILINE)
    assert targets == ["demo", "test"]
    made = (ROOT / "Makefile").read_text()
    assert all(re.search(rf"^{target}:", made, re.MULTILINE) for target in targets)


def test_commands_run(tmp_path: Path, prefect_api: str) -> None:
    reviews(tmp_path / "data")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for command in commands():
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, "PATH": path, "BROWSER": "true"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
    assert (tmp_path / "labelworks-store/reviews/versions/1.json").exists()
    assert not (tmp_path / "labelworks-store/reviews/versions/2.json").exists()


def test_config_loads(tmp_path: Path) -> None:
    (config,) = blocks("yaml")
    file = tmp_path / "config.yaml"
    file.write_text(config)
    loaded = load_config(str(file), [])
    check_methods(loaded)
    assert loaded.gates.ingest.thresholds == {"max_rejected": 0.01}


def test_method_of_the_readme_works() -> None:
    (code,) = blocks("python")
    namespace: dict[str, object] = {}
    exec(code, namespace)
    rng = np.random.default_rng(0)
    labels = rng.choice(2, 200, p=[0.2, 0.8]).astype(np.int32)
    features = rng.normal(size=(200, 3)).astype(np.float32)
    folds = np.arange(200) % 2
    sums = FoldSums.of(features, labels, folds, 2, 2)
    probs = np.exp(ProbeEnsemble.fit(sums, ["majority"]).log_probs(features, folds))
    assert np.allclose(probs.mean(axis=0), [0.2, 0.8], atol=0.06)
