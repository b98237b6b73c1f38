"""Reading a config: what it accepts, and how it says what is wrong, with the line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from labelworks.schemas.config.dataset import DatasetConfig, default_name
from labelworks.schemas.config.load import load_config
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import ConfigError
from labelworks.tasks.sources.formats.conll import Conll

GOOD = """\
# a comment
dataset:
  source: data/train
  label: label
  features: {text: body}
detect:
  folds: 4
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    monkeypatch.chdir(tmp_path)

    def _write(text: str) -> str:
        Path("config.yaml").write_text(text, encoding="utf-8")
        return "config.yaml"

    return _write


Write = Callable[[str], str]


def message(path: str, *overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path, overrides)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_a_short_config_has_defaults_and_absolute_local_paths(write: Write, tmp_path: Path) -> None:
    config = load_config(write(GOOD))
    assert config.dataset.source == str(tmp_path / "data/train")
    assert config.dataset.name == "train"
    assert config.store.root == str(tmp_path / "labelworks-store")
    assert config.detect.folds == 4
    assert config.detect.shift.method == "em-bcts"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("data/reviews-2026.parquet", "reviews-2026"),
        ("s3://bucket/in/*.csv", "in"),
        ("données/été.csv", "ete"),
        ("e\u0301te\u0301", "ete"),
        ("/tmp/数据", "dataset-"),
        ("数据 2026", "2026-"),
        ("!?", "dataset"),
    ],
)
def test_a_source_of_any_name_gives_the_dataset_one(source: str, name: str) -> None:
    config = DatasetConfig.model_validate({"source": source, "label": "y", "features": {"text": "x"}})
    assert config.name == name or (name.endswith("-") and config.name.startswith(name))


def test_names_of_other_scripts_stay_apart() -> None:
    assert default_name("/tmp/数据") != default_name("/tmp/报告")


def test_paths_are_relative_to_the_current_directory_wherever_the_file_is(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(GOOD)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    config = load_config("../config.yaml", ["dataset.target=../new/*.csv", "store.root=s3://bucket/lw"])
    assert config.dataset.source == str(tmp_path / "elsewhere/data/train")
    assert config.dataset.target == str(tmp_path / "new/*.csv")
    assert config.store.root == "s3://bucket/lw"


def test_home_and_a_trailing_slash_are_kept_in_mind(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    assert load_config(write(GOOD), ["dataset.source=~/data/"]).dataset.source == "/home/someone/data/"


def test_overrides_apply_in_order_with_yaml_values(write: Write) -> None:
    config = load_config(
        write(GOOD),
        [
            "detect.folds=7",
            "detect.folds=3",
            "dataset.classes=[no, yes, 007, 8]",
            "compute.gpu=off",
            "dataset.features={image: png}",
            "gates.validate.thresholds.gain=1e-3",
            "dataset.target=",
        ],
    )
    assert config.detect.folds == 3
    assert config.dataset.classes == ("no", "yes", "007", 8)
    assert config.compute.gpu == "off"
    assert config.dataset.features.kind == "image"
    assert config.gates.validation.thresholds == {"gain": 0.001}
    assert config.dataset.target is None


def test_numbers_in_options_are_numbers(write: Write) -> None:
    path = write(
        GOOD + "encoder: {options: {a: 1e-3, b: -2, c: .5, d: 010, e: 2026-01-02, f: off, g: true, h: ~}}\n"
    )
    assert load_config(path).encoder.options == {
        "a": 0.001,
        "b": -2,
        "c": 0.5,
        "d": "010",
        "e": "2026-01-02",
        "f": "off",
        "g": True,
        "h": None,
    }


def test_an_empty_section_has_its_defaults(write: Write) -> None:
    config = load_config(write(GOOD + "treat:\ngates:\n  ingest:\n"))
    assert config.treat.mode == "both"


def test_an_alias_repeats_a_value(write: Write) -> None:
    path = write(GOOD + "  noise: {options: &o {a: 1}}\n  adapt: {options: *o}\n")
    assert load_config(path).detect.adapt.options == {"a": 1}


def test_a_byte_order_mark_is_no_part_of_the_text(write: Write) -> None:
    assert load_config(write("\ufeff" + GOOD)).dataset.label == "label"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            GOOD.replace("source", "sorce"),
            'config.yaml:3: unknown key "dataset.sorce"\n  did you mean "source"?\n'
            '  also config.yaml:2: missing key "dataset.source" (a path, a glob, a folder, or s3://bucket/prefix/)',
        ),
        (GOOD + "noise: {}\n", 'config.yaml:8: unknown key "noise"\n  did you mean "detect.noise"?'),
        (
            GOOD + "store: {xyz: 1}\n",
            'config.yaml:8: unknown key "store.xyz"\n  known keys: root, storage_options, secret',
        ),
        (
            GOOD + "validate: {modle: x}\n",
            'config.yaml:8: unknown key "validate.modle"\n  did you mean "model"?',
        ),
        (
            GOOD.replace("label: label", "label: 5"),
            'config.yaml:4: "dataset.label" is 5; expected text\n  quote it: "5"',
        ),
        (GOOD.replace("folds: 4", "folds: 2"), 'config.yaml:7: "detect.folds" is 2; expected at least 3'),
        (
            GOOD.replace("folds: 4", "folds: x"),
            "config.yaml:7: \"detect.folds\" is 'x'; expected a whole number",
        ),
        (
            GOOD.replace("folds: 4", "folds:"),
            'config.yaml:7: "detect.folds" is empty; expected a whole number\n'
            "  remove the key for its default",
        ),
        (GOOD + "  probes: lda\n", "config.yaml:8: \"detect.probes\" is 'lda'; expected a list"),
        (
            GOOD + "  probes:\n  - lda\n  - 3\n",
            'config.yaml:10: "detect.probes.1" is 3; expected text\n  quote it: "3"',
        ),
        (GOOD + "treat: both\n", "config.yaml:8: \"treat\" is 'both'; expected a mapping of keys"),
        (
            GOOD + "treat: {mode: relable}\n",
            "config.yaml:8: \"treat.mode\" is 'relable'; expected 'reweight', 'relabel', 'both' or 'none'\n"
            '  did you mean "relabel"?',
        ),
        (
            GOOD + "compute:\n  workers: many\n",
            "config.yaml:9: \"compute.workers\" is 'many'; expected a whole number or 'auto'",
        ),
        (
            GOOD.replace("{text: body}", "{}"),
            'config.yaml:5: "dataset.features": name at least one of text, image, vector, audio, other, '
            "tokens, columns",
        ),
        (
            GOOD + "store:\n  storage_options:\n    client_kwargs:\n      aws_secret_access_key: hush\n",
            "config.yaml:11: store.storage_options.client_kwargs.aws_secret_access_key looks like a secret; "
            "take it from the environment (AWS_ACCESS_KEY_ID …) or from a Prefect block (store.secret)",
        ),
        (GOOD + "detect: {}\n", 'config.yaml:8: key "detect" is given twice, first on line 6'),
        (GOOD + "? [a]\n: 1\n", "config.yaml:8: a key has to be a word"),
        (
            "# nothing\n",
            "config.yaml: the file is empty\n  `labelworks init SOURCE` writes a config for a dataset",
        ),
        (
            "- a\n",
            "config.yaml:1: expected keys such as dataset and store\n"
            "  `labelworks init SOURCE` writes a config for a dataset",
        ),
        ("seed: 1\n", 'config.yaml: missing key "dataset"'),
        ("a: 1\nb: [1\nc: 2\n", "config.yaml:3: not valid YAML: expected ',' or ']', but got ':'"),
        (
            "a: 1\n\tb: 1\n",
            "config.yaml:2: not valid YAML: found character '\\t' that cannot start any token",
        ),
        ("a: 1\n---\nb: 1\n", "config.yaml:2: not valid YAML: found another document"),
        ("a: 1\nb: \x00\n", "config.yaml:2: not valid YAML: special characters are not allowed"),
        ("a: &x [*x]\n", "config.yaml:1: an alias holds itself"),
        ("[" * 5000, "config.yaml: not valid YAML: nested too deeply"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(write: Write, text: str, expected: str) -> None:
    assert message(write(text)) == expected


def test_a_tag_that_names_code_is_refused(write: Write) -> None:
    path = write("a: 1\nb: !!python/object/apply:os.system [ls]\n" + GOOD)
    assert message(path).startswith("config.yaml:2: not valid YAML")


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("detect.fold=3", '--set detect.fold: unknown key "detect.fold"\n  did you mean "folds"?'),
        ("detct.folds=3", '--set detct.folds: unknown key "detct"\n  did you mean "detect"?'),
        (
            "compute.memory=0.5GiBB",
            '--set compute.memory: "compute.memory": expected auto, or bytes such as 4GB or 500MiB',
        ),
        ("detect.folds=30", '--set detect.folds: "detect.folds" is 30; expected at most 20'),
        ("dataset.label.x=3", "--set dataset.label.x: \"dataset.label\" is {'x': 3}; expected text"),
        (
            "detect.folds=[3",
            "--set detect.folds: not valid YAML: expected ',' or ']', but got '<stream end>'",
        ),
        ("detect.folds", "--set detect.folds: expected key.sub=value"),
        ("detect..folds=3", "--set detect..folds=3: expected key.sub=value"),
    ],
)
def test_a_wrong_override_names_the_option(write: Write, override: str, expected: str) -> None:
    assert message(write(GOOD), override) == expected


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert message(str(tmp_path / "none.yaml")).startswith(f"{tmp_path}/none.yaml: no such file")
    assert message(str(tmp_path)) == f"{tmp_path}: can't be read: Is a directory"
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: \xe9\n")
    assert message(str(tmp_path / "latin.yaml")) == f"{tmp_path}/latin.yaml:2: is not UTF-8 text"


def test_an_error_of_the_check_gets_the_line_of_its_key(write: Write) -> None:
    def check(config: RunConfig) -> None:
        raise ConfigError("unknown probe", where="detect.probes.1", fix="choices: lda")

    path = write(GOOD + "  probes:\n  - lda\n  - lad\n")
    with pytest.raises(ConfigError) as caught:
        load_config(path, check=check)
    assert str(caught.value) == "config.yaml:10: detect.probes.1: unknown probe\n  choices: lda"
    with pytest.raises(ConfigError, match=r"--set detect\.probes: detect\.probes\.1: unknown probe"):
        load_config(path, ["detect.probes=[a, b]"], check=check)


@pytest.mark.parametrize(
    ("dataset", "why"),
    [
        ("label: tags, task: tokens, features: {text: text}", "goes with features: {tokens: a column"),
        ("label: tags, features: {tokens: words}", "goes with features: {tokens: a column"),
        ("label: tag, features: {text: text}, tag_repair: true", "go with the task tokens"),
        ("format: conll, target: other", "target goes with the task classification, not with tokens"),
    ],
)
def test_what_tags_of_tokens_go_with(tmp_path: Path, dataset: str, why: str) -> None:
    config = tmp_path / "a.yaml"
    config.write_text(f"dataset: {{source: data, {dataset}}}\n")
    with pytest.raises(ConfigError, match=why):
        load_config(str(config))


@pytest.mark.parametrize(
    "source", ["data.txt, format: conll", "'data/*.IOB2'", *(f"data.{end}" for end in Conll.suffixes)]
)
def test_conll_names_its_columns_itself(tmp_path: Path, source: str) -> None:
    config = tmp_path / "a.yaml"
    config.write_text(f"dataset: {{source: {source}}}\n")
    dataset = load_config(str(config)).dataset
    assert (dataset.task, dataset.features.tokens, dataset.label) == ("tokens", "tokens", "tags")


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("store.secret={aws_secret_access_key: HUSH}", '"store.secret" is a mapping; expected text'),
        ("store.storage_options=[HUSH]", '"store.storage_options" is a list; expected a mapping of keys'),
        ("compute.cluster_kwargs=HUSH", '"compute.cluster_kwargs" is text; expected a mapping of keys'),
        ("detect.folds={password: HUSH, 1: 2}", '"detect.folds" is a mapping; expected a whole number'),
        ("dataset.label=[TOKEN=HUSH]", '"dataset.label" is a list; expected text'),
    ],
)
def test_what_may_be_a_secret_is_not_shown(write: Callable[[str], str], override: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(GOOD), [override])
    assert says in str(caught.value) and "HUSH" not in str(caught.value)


def test_every_key_says_what_it_is() -> None:
    """`labelworks schema config` is the reference of all keys."""
    schema = RunConfig.model_json_schema()
    sections = {"RunConfig": schema, **schema["$defs"]}
    silent = [
        f"{name}.{key}"
        for name, section in sections.items()
        for key, said in section.get("properties", {}).items()
        if "description" not in said and not _is_section(said, sections)
    ]
    assert silent == []


def _is_section(said: dict[str, Any], sections: dict[str, Any]) -> bool:
    """Whether a key holds a section, which says of itself what it is."""
    inner = [said, *said.get("anyOf", ()), *said.get("allOf", ()), said.get("items", {})]
    return any(part.get("$ref", "").rpartition("/")[2] in sections for part in inner)


@pytest.mark.parametrize(
    ("classes", "said"), [(["a", "b", "a"], "a class twice"), ([1, "1"], "a class twice"), ([], "no class")]
)
def test_classes_are_each_listed_once(classes: list[str | int], said: str) -> None:
    dataset = {"source": "d", "label": "y", "features": {"text": "t"}, "classes": classes}
    with pytest.raises(ValidationError, match=f"lists {said}"):
        RunConfig.model_validate({"dataset": dataset})
