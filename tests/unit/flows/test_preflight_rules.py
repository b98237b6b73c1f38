"""Rules of a config are refused before any work, with their name and their line."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.flows.preflight import check_methods
from labelworks.schemas.config.load import load_config
from labelworks.schemas.errors import ConfigError

CONFIG = """\
dataset:
  source: {source}
  classes: [ham, spam]
  features: {{text: text}}
{more}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Writes the rows, and is where the config goes."""
    pq.write_table(pa.table({"text": ["win", "hi"], "amount": [1.0, 2.0]}), tmp_path / "rows.parquet")
    return tmp_path / "config.yaml"


def written(config: Path, more: str) -> Path:
    config.write_text(CONFIG.format(source=config.parent / "rows.parquet", more=more))
    return config


def test_rules_that_fit_are_taken(config: Path) -> None:
    """Labels are made of them: no column of labels is asked for, and the noise method hears the rules."""
    rules = """\
  rules:
    - {name: win, label: spam, matches: win}
    - {name: small, label: ham, where: "amount < 2 and text is not null"}
  label_model: {prior: {ham: 0.8, spam: 0.2}}"""
    loaded = load_config(written(config, rules), check=check_methods)
    assert loaded.dataset.label == ""
    assert loaded.detect.noise.method == "rule-posterior"


@pytest.mark.parametrize(
    ("rule", "line", "says"),
    [
        ("{name: r, label: spam, matches: '(a'}", 6, "rule 'r': no regular expression"),
        ("{name: r, label: spam, matches: '(?<=a)b'}", 6, "rule 'r': no regular expression"),
        ("{name: r, label: spam, where: 'amount >'}", 6, "rule 'r': no condition of SQL"),
        ("{name: r, label: spam, where: 'size > 1'}", 6, "rule 'r': there is no column 'size'"),
        ("{name: r, label: spam, where: 'year(amount) > 1'}", 6, "rule 'r': not on these columns"),
        ("{name: r, label: spam, matches: a, column: body}", 6, "rule 'r': there is no column 'body'"),
        ("{name: r, label: spma, matches: a}", 6, "rule 'r' speaks for 'spma', which is none of"),
        ("{name: r, label: spam, function: f, columns: [text]}", 6, "rule 'r': unknown rules method 'f'"),
        ("{name: r, label: spam, matches: a, where: b}", 6, "rule 'r': give exactly one of matches, where"),
        ("{name: r, matches: a}", 6, "rule 'r': a label is missing"),
        ("{name: r, label: spam, function: f}", 6, "rule 'r': columns are missing"),
        ("{name: r, label: spam, where: a, column: b}", 6, "rule 'r': column goes with matches"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_name_and_line(
    config: Path, rule: str, line: int, says: str
) -> None:
    """Before any server is started, and before any row is read."""
    with pytest.raises(ConfigError, match=says.replace("(", r"\(")) as caught:
        load_config(written(config, f"  rules:\n    - {rule}"), check=check_methods)
    assert f"config.yaml:{line}" in caught.value.where


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("  rules: [{name: a, label: ham, matches: a}, {name: a, label: spam, matches: b}]", "called 'a'"),
        (
            "  rules: [{name: a, label: ham, matches: a}]\n  label_model: {prior: {ham: 0.5, spam: 0.2}}",
            "the prior names ham, spam, and its shares sum to 0.7",
        ),
        (
            "  rules: [{name: a, label: ham, matches: a}]\n  label_model: {method: x}",
            "unknown weak_supervision method 'x'",
        ),
        (
            "  rules: [{name: a, label: ham, matches: a}]\n  votes: {source: v.parquet}",
            "votes or rules, not both",
        ),
    ],
)
def test_rules_that_do_not_go_together_are_refused(config: Path, more: str, says: str) -> None:
    """With what is wrong."""
    with pytest.raises(ConfigError, match=says):
        load_config(written(config, more), check=check_methods)


def test_a_pattern_needs_texts_and_its_rule_is_named_once(config: Path) -> None:
    """Vectors are none: a column is to be named."""
    text = written(config, "  rules: [{name: r, label: spam, matches: a}]").read_text()
    config.write_text(text.replace("text: text", "vector: amount"))
    with pytest.raises(ConfigError) as caught:
        load_config(config, check=check_methods)
    assert caught.value.what == "rule 'r': no texts"


def test_rules_beside_given_labels_need_classes(config: Path) -> None:
    """Else codes would hang on the labels that occur."""
    text = CONFIG.format(
        source=config.parent / "rows.parquet",
        more="  label: text\n  rules: [{name: a, label: ham, matches: a}]",
    )
    config.write_text(text.replace("  classes: [ham, spam]\n", ""))
    with pytest.raises(ConfigError, match="rules beside given labels need classes"):
        load_config(config, check=check_methods)


def test_a_source_that_is_not_there_is_not_the_rules_fault(config: Path) -> None:
    """It is said when a run begins."""
    text = CONFIG.format(source="nowhere.parquet", more="  rules: [{name: a, label: ham, where: 'x > 1'}]")
    config.write_text(text)
    assert load_config(config, check=check_methods).dataset.rules
