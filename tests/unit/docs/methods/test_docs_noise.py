"""docs/noise.md names every method, only functions that exist, and its examples run."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labelworks.tasks.methods import registry

PAGE = (Path(__file__).parents[4] / "docs/noise.md").read_text()
TABLES = "\n".join(line for line in PAGE.splitlines() if line.startswith("|"))
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.S)


@pytest.mark.parametrize("kind", ["noise", "probes", "crowd"])
def test_every_method_has_its_line(kind: str) -> None:
    assert {method.name for method in registry.methods(kind)} <= set(re.findall(r"`([a-z-]+)`", TABLES))


def test_no_line_names_a_noise_method_that_there_is_not() -> None:
    table = PAGE.split("| method |")[1].split("\n\n")[0]
    names = re.findall(r"^\| `([a-z-]+)`", table, re.M)
    assert sorted(names) == [method.name for method in registry.methods("noise")]


@pytest.mark.parametrize(("module", "name"), re.findall(r"^\| `([a-z_.]+)\.([a-z_]+)` \|", PAGE, re.M))
def test_functions_named_are_there(module: str, name: str) -> None:
    assert callable(getattr(importlib.import_module(f"labelworks.tasks.methods.{module}"), name))


def test_the_example_on_arrays_runs() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(60, 8))
    labels, corrected = rng.integers(0, 3, (2, 60))
    names = {
        "image_vectors": vectors, "text_vectors": vectors + 0.1 * rng.normal(size=(60, 8)),
        "labels": labels, "corrected": corrected,
        "guesses": labels, "others": corrected,
    }  # fmt: skip
    exec(EXAMPLES[3], names)
    assert names["ranks"].flips[0][:2] == ("small", "large")


def test_the_example_of_tags_runs() -> None:
    names: dict[str, Any] = {}
    exec(EXAMPLES[2], names)
    assert names["found"].issues["suggestion"].tolist() == [["O", "B-city", "I-city", "O"]]


def test_the_example_of_rows_looked_at_runs() -> None:
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, 900)
    labels = np.where(rng.random(900) < 0.2, (true + 1) % 3, true)
    vectors = np.eye(3)[true] * 5 + rng.normal(size=(900, 3))
    probs = (np.eye(3)[true] + 0.1) / 1.3
    names = {
        "labels": labels, "pred_probs": probs, "vectors": vectors,
        "to_look_at": lambda found: np.unique(np.r_[0:900:18, np.flatnonzero(found.flag)[1::3]]),
        "is_right": lambda rows: (labels == true)[rows],
    }  # fmt: skip
    exec(EXAMPLES[0], names)
    flag = names["found"].flag
    assert flag.any()
    assert (labels == true)[flag].mean() <= 0.1


def test_the_example_in_parts_runs() -> None:
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.full(3, 0.3), (4, 500))
    labels = np.where(rng.random((4, 500)) < 0.2, rng.integers(0, 3, (4, 500)), probs.argmax(axis=2))
    names = {"parts": lambda: zip(labels, probs, strict=True)}
    exec(EXAMPLES[1], names)
    assert 60 < names["suspicious"].sum() < 200  # the last of four parts, which bear 500


@pytest.mark.parametrize("option", ["target", "threshold", "prune_by", "sample", "seed"])
def test_options_are_those_of_the_methods(option: str) -> None:
    line = re.search(rf"^\| `{option}` \| (.*?) \|", PAGE, re.M)[1]
    named = set(re.findall(r"`([a-z-]+)`", line))
    of = {
        method.name
        for method in registry.methods("noise")
        if option in inspect.signature(method.target).parameters
    }
    assert of >= named
    assert line == "all" or "learn from flips" in line or of == named


def test_the_mapping_shown_is_the_one_proposed(tmp_path: Path, command: Any) -> None:
    names = {"Billing": 400, "billing": 3, "Returns": 120, "Retunrs": 4}
    lines = [f"{name} {row},{name}" for name, rows in names.items() for row in range(rows)]
    (tmp_path / "reviews.csv").write_text("\n".join(["text,label", *lines]))
    code, out, _ = command("classes", str(tmp_path / "reviews.csv"))
    assert code == 0
    (shown,) = re.findall(r"```text\n(.*?)```", PAGE, re.S)
    assert [line for line in shown.splitlines() if line not in out.splitlines()] == []
