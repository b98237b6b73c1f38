"""`dataset.class_mapping`: lines or a file of lines, and what is refused of them before any work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labelworks.schemas.config.load import load_config
from labelworks.schemas.errors import ConfigError

DATASET = "dataset: {source: data, label: label, features: {text: text}"


def mapping(folder: Path, text: str, dataset: str = DATASET) -> Any:
    file = folder / "config.yaml"
    file.write_text(f"{dataset}, class_mapping: {text}}}\n")
    return load_config(file).dataset.class_mapping


def test_lines_and_a_file_of_them_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mapping.yaml").write_text("# seen\nCards: cards\n7: 2\ntrue: null\nno: off\n")
    lines = {"Cards": "cards", "7": 2, "true": None, "no": "off"}
    assert mapping(tmp_path, "mapping.yaml") == lines
    assert mapping(tmp_path, "{Cards: cards, 7: 2, true: null, no: off}") == lines
    Path("mapping.yaml").write_text("# nothing is proposed\n")
    assert mapping(tmp_path, "mapping.yaml") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("missing.yaml", r"missing.yaml: can't be read: No such file"),
        ("{a: b, b: c}", r"'a' becomes 'b', and that 'c'"),
        ("{a: b, b: null}", r"'a' becomes 'b', and that null"),
        ("{a: [b]}", r"'a' becomes \['b'\]"),
        ("{1: a, '1': b}", r"'1' stands there twice"),
        ("[a]", "expected a mapping"),
        ("{a: bb}, classes: [b, c]", r"'bb', which is none of dataset.classes: did you mean 'b'"),
        ("{a: b}, classes: [a, b], pred_probs: p", "not with pred_probs"),
        ("{a: b}, task: regression", "not for the task regression"),
    ],
)
def test_what_a_mapping_cannot_say(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        mapping(tmp_path, text)
    assert "class_mapping" in str(caught.value)


def test_a_line_of_the_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text("a: b\nc: [d]\n")
    with pytest.raises(ConfigError, match=r"mapping.yaml:2: 'c' becomes"):
        mapping(tmp_path, str(file))
    file.write_text("- a\n")
    with pytest.raises(ConfigError, match=r"expected lines of `name: other`"):
        mapping(tmp_path, str(file))
