"""`dataset.hierarchy`: a mapping or a separator, and what is refused of them before any work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labelworks.flows.notebook.audits.queue import checked_hierarchy
from labelworks.schemas.config.load import load_config
from labelworks.schemas.errors import ConfigError


def hierarchy(folder: Path, text: str) -> Any:
    file = folder / "config.yaml"
    file.write_text(f"dataset: {{source: data, label: label, features: {{text: text}}, hierarchy: {text}}}\n")
    return load_config(file).dataset.hierarchy


def test_names_are_texts_and_a_separator_is_one(tmp_path: Path) -> None:
    assert hierarchy(tmp_path, "{7: odd, true: ~, dog: animal}") == {
        "7": "odd",
        "true": None,
        "dog": "animal",
    }
    assert hierarchy(tmp_path, '" > "') == " > "
    assert hierarchy(tmp_path, "~") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{a: b, b: c, c: a}", "'a' lies below itself: a < b < c < a"),
        ("{a: a}", "'a' lies below itself"),
        ("wordnet", "no separator"),
        ("''", "no separator"),
        ("/, task: multilabel", "goes with the task classification"),
    ],
)
def test_what_is_no_tree(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        hierarchy(tmp_path, text)


def test_a_notebook_is_told_the_same() -> None:
    assert checked_hierarchy({1: 2}) == {"1": "2"}
    with pytest.raises(ConfigError, match="below itself"):
        checked_hierarchy({"a": "a"})
