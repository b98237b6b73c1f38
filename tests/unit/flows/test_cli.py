"""The command line: exit codes, what goes to stdout and what to stderr, what is imported when."""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args, get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.flows.cli import app as cli
from labelworks.flows.cli import background
from labelworks.flows.cli.commands import methods
from labelworks.flows.cli.output import only_the_result_on_stdout, print_json
from labelworks.schemas.config.labels.label_kind import AGGREGATED
from labelworks.schemas.label_kinds import NOTHING
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.noise.self_confidence import SelfConfidence

COMMAND = [sys.executable, "-m", "labelworks.flows.cli.app"]
HEAVY = (
    "prefect",
    "distributed",
    "dask",
    "torch",
    "great_expectations",
    "pandas",
    "pyarrow",
    "numpy",
    "sklearn",
)
GOOD = "dataset: {source: data, label: label, features: {text: text}}\n"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def labelworks(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["labelworks", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        assert isinstance(caught.value.code, int)
        return (caught.value.code, *capfd.readouterr())

    return run


@pytest.fixture
def broken_method() -> Iterator[str]:
    """A plug-in with a bug."""

    @registry.register("noise", "broken", source="this test")
    class Broken(SelfConfidence):
        def __init__(self) -> None:
            raise RuntimeError("first line\nsecond line")

    yield "broken"
    registry.forget("this test")


def test_help_names_the_commands_and_the_exit_codes(labelworks: Run) -> None:
    code, out, _ = labelworks("--help")
    assert code == 0
    for word in (
        "run",
        "report",
        "methods",
        "doctor",
        "init",
        "demo",
        "0 published",
        "2 bad config",
        "3 a gate",
    ):
        assert word in out


def test_prefect_is_imported_after_its_settings_are_made() -> None:
    """It reads them as it is imported: its logs would go to the terminal."""
    script = "import sys, labelworks.flows.execute; print('prefect' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_help_imports_nothing_heavy() -> None:
    script = f"import sys, labelworks.flows.cli.app; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_version_is_that_of_the_package(labelworks: Run) -> None:
    code, out, _ = labelworks("--version")
    assert (code, out.split()[0]) == (0, "labelworks")


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["runn"],
        ["run", "x.yaml", "--sett", "a=b"],
        ["demo", "--seed", "-1"],
        ["methods", "--stage", "x"],
    ],
)
def test_wrong_usage_exits_with_2(labelworks: Run, arguments: list[str]) -> None:
    code, out, err = labelworks(*arguments)
    assert (code, out) == (2, "")
    assert "labelworks" in err


@pytest.mark.parametrize("flags", [[], ["--json"], ["--detach"]])
def test_a_bad_config_exits_with_2_and_one_message(labelworks: Run, tmp_path: Path, flags: list[str]) -> None:
    (tmp_path / "config.yaml").write_text(GOOD.replace("source", "sorce"))
    code, out, err = labelworks("run", "config.yaml", *flags)
    assert (code, out) == (2, "")
    assert err.startswith(
        'labelworks: config.yaml:1: unknown key "dataset.sorce"\n  did you mean "source"?\n'
    )
    assert "Traceback" not in err


def test_an_unknown_method_lists_the_choices_with_its_line(labelworks: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(GOOD + "detect:\n  noise: {method: confidence}\n")
    code, _, err = labelworks("run", "config.yaml")
    assert code == 2
    assert err.startswith(
        "labelworks: config.yaml:3: detect.noise.method: unknown noise method 'confidence'\n"
    )
    assert "confident-learning" in err
    code, _, err = labelworks("run", "config.yaml", "--set", "detect.noise.method=confident")
    assert err.startswith("labelworks: --set detect.noise.method: detect.noise.method: unknown")


def test_an_unexpected_error_exits_with_1_and_keeps_the_traceback(
    labelworks: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken_method: str
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "config.yaml").write_text(GOOD + f"detect: {{noise: {{method: {broken_method}}}}}\n")
    code, out, err = labelworks("run", "config.yaml")
    assert (code, out) == (1, "")
    line, where, *rest = err.splitlines()
    assert (line, rest) == ("labelworks: unexpected RuntimeError: first line", [])
    (log,) = tmp_path.glob("labelworks-*.log")
    assert str(log) in where
    assert "second line" in log.read_text()
    monkeypatch.setenv("LABELWORKS_DEBUG", "1")
    code, out, err = labelworks("run", "config.yaml")
    assert code == 1
    assert "Traceback" in err


def test_an_interrupt_exits_with_130(tmp_path: Path) -> None:
    pipe = tmp_path / "config.yaml"
    os.mkfifo(pipe)
    process = subprocess.Popen([*COMMAND, "run", str(pipe)], stderr=subprocess.PIPE, text=True)
    with pipe.open("wb"):  # opens when the command reads it
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.startswith("labelworks: interrupted")
    assert "Traceback" not in err


def test_an_interrupt_that_an_error_took_the_place_of_is_one(
    labelworks: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(**_: object) -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            raise ValueError("nothing to close")

    monkeypatch.setattr(cli, "app", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # workers of a test run ignore it
    try:
        code, _, err = labelworks("runs")
    finally:
        signal.signal(signal.SIGINT, before)
    assert code == 130
    assert err.startswith("labelworks: interrupted")


def test_only_the_result_reaches_stdout(capfd: pytest.CaptureFixture[str]) -> None:
    with only_the_result_on_stdout():
        print("a library prints")
        subprocess.run([sys.executable, "-c", "print('a worker prints')"], check=True)
    print_json({"é": None})
    out, err = capfd.readouterr()
    assert json.loads(out) == {"é": None}
    assert "a library prints" in err
    assert "a worker prints" in err


def test_methods_lists_every_kind_with_its_stage(labelworks: Run) -> None:
    code, out, _ = labelworks("methods", "--json")
    listed = json.loads(out)["methods"]
    assert code == 0
    assert [(each["kind"], each["name"]) for each in listed] == [(m.kind, m.name) for m in registry.methods()]
    keys = {(each["kind"], each["name"]): each["key"] for each in listed}
    assert keys["prior", "elsa"] == "detect.shift.method" and keys["drift", "mmd"] == "detect.drift.method"
    assert keys["relabel", "precision"] == "treat.objective"
    assert keys["weights", "right"] == "treat.weights.factors"
    assert keys["windows", "latent"] is keys["groups", "groups"] is None
    refused = {
        name for (kind, name), key in keys.items() if kind == "label_kind" and key != "dataset.label_kind"
    }
    assert refused == {*AGGREGATED, NOTHING}
    assert keys["label_kind", "votes"] is None and keys["label_kind", "rules"] == "dataset.label_model.infer"
    assert {each["kind"]: each["stage"] for each in listed} == {
        name: kind.stage for name, kind in registry.KINDS.items()
    }
    assert all(each["source"] and each["stage"] for each in listed)


def test_what_a_method_needs_reads_and_installs_are_fields_of_their_own(labelworks: Run) -> None:
    listed = json.loads(labelworks("methods", "--json")[1])["methods"]
    found = {(each["kind"], each["name"]): each for each in listed}
    clip, service = found["encoders", "open-clip"], found["encoders", "http"]
    assert (clip["modality"], clip["needs"], clip["extra"]) == (["image", "text"], [], "labelworks[image]")
    assert (service["modality"], service["needs"], service["extra"]) == (["text"], ["a service"], None)
    assert found["crowd", "auto"]["uses"] == ["pred_probs"]
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    extras = {f"{project['name']}[{name}]" for name in project["optional-dependencies"]}
    assert {each["extra"] for each in listed} - {None} <= extras
    table = labelworks("methods", "--stage", "ingest")[1]
    assert "pred_probs if there" in " ".join(table.split())


def test_what_no_key_reaches_is_listed_with_its_function(labelworks: Run) -> None:
    every = json.loads(labelworks("methods", "--json")[1])["methods"]
    listed = {each["name"]: each for each in every if each["kind"] != "noise"}
    functions = {
        "out-of-scope": "open_set.out_of_scope.out_of_scope",
        "linear-separation": "open_set.separation.linear_separation",
        "duplicate-conflicts": "duplicates.conflicts.duplicate_conflicts",
        "stability": "validation.benchmark_stability.stability",
        "propagate": "noise.label_propagation.propagate",
        "confident-learning": "multilabel.confident_heaps.ConfidentHeaps",
    }
    for name, function in functions.items():
        module, _, attribute = listed[name]["function"].rpartition(".")
        assert f"{module}.{attribute}" == f"labelworks.tasks.methods.{function}"
        assert callable(getattr(importlib.import_module(module), attribute))
        assert listed[name]["needs"]
    assert listed["confident-learning"]["key"] == "detect.noise.method"
    assert listed["pair-mismatch"]["key"] == "dataset.pair"
    assert listed["pair-mismatch"]["function"] == "labelworks.tasks.methods.noise.pairs.pair_mismatch"
    _, out, _ = labelworks("methods", "--stage", "detect")
    assert "validation.benchmark_stability.stability" in out.replace("\n", "")


def test_methods_of_a_stage(labelworks: Run) -> None:
    choices = {
        choice for hint in get_args(get_type_hints(methods.methods)["stage"]) for choice in get_args(hint)
    }
    assert choices == {kind.stage for kind in registry.KINDS.values()}
    _, out, _ = labelworks("methods", "--stage", "embed")
    assert "tfidf" in out
    assert "labelworks[text]" in out
    assert "em-bcts" not in out


def test_report_finds_a_run_by_a_unique_beginning(labelworks: Run, tmp_path: Path) -> None:
    for run in ("abc1", "abd2"):
        folder = tmp_path / "store/digits/runs" / run / "report"
        folder.mkdir(parents=True)
        (folder / "report.html").write_text(run)
    where = tmp_path / "store/digits/runs/abc1/report/report.html"
    assert labelworks("report", "abc", "--store", "store")[:2] == (0, f"{where}\n")
    code, out, _ = labelworks("report", "abd2", "--store", "store", "--out", "copy.html")
    assert (code, out) == (0, f"{tmp_path}/copy.html\n")
    assert (tmp_path / "copy.html").read_text() == "abd2"
    assert labelworks("report", "abd2", "--store", "store", "--out", "new/folder/copy.html")[0] == 0
    assert (tmp_path / "new/folder/copy.html").read_text() == "abd2"
    code, out, err = labelworks("report", "abd2", "--store", "store", "--out", "copy.html/inside.html")
    assert (code, out) == (2, "")
    assert "copy.html/inside.html: can't be written: " in err


@pytest.mark.parametrize(
    ("run", "message"),
    [("ab", "2 runs begin with 'ab'"), ("x", "there is no run 'x'"), ("abe3", "run abe3 has no report yet")],
)
def test_report_says_which_runs_there_are(labelworks: Run, tmp_path: Path, run: str, message: str) -> None:
    for name in ("abe3", "abf4"):
        (tmp_path / "labelworks-store/digits/runs" / name).mkdir(parents=True)
    code, out, err = labelworks("report", run)
    assert (code, out) == (2, "")
    assert message in err
    if run != "abe3":
        assert "runs: abe3, abf4" in err


def test_report_of_no_store(labelworks: Run) -> None:
    code, _, err = labelworks("report", "abc")
    assert code == 2
    assert "there is no run in this store" in err
    code, _, err = labelworks("report")
    assert (code, "there is no run" in err, "--store ROOT" in err) == (2, True, True)


def begun_run(store: Path, dataset: str, run: str, started: str) -> None:
    folder = store / dataset / "runs" / run
    (folder / "report").mkdir(parents=True)
    (folder / "report/report.html").write_text(run)
    (folder / "started.json").write_text(json.dumps({"started": started}))


def test_without_a_run_the_newest_is_meant(labelworks: Run, tmp_path: Path) -> None:
    store = tmp_path / "labelworks-store"
    begun_run(store, "digits", "abc1", "2026-01-02T00:00:00+00:00")
    begun_run(store, "digits@2026", "abc2", "2026-01-03T00:00:00+00:00")
    begun_run(store, "cats", "abc3", "2026-01-04T00:00:00+00:00")
    assert labelworks("report")[1] == f"{store}/cats/runs/abc3/report/report.html\n"
    assert "abc3" in labelworks("show")[1]
    assert json.loads(labelworks("show", "--json")[1])["run_id"] == "abc3"
    (tmp_path / "digits.yaml").write_text(
        "dataset: {name: digits, source: data, label: l, features: {text: t}}\n"
    )
    assert labelworks("report", "--config", "digits.yaml")[1].endswith("abc2/report/report.html\n")


def test_report_is_opened_in_the_browser(
    labelworks: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or len(opened) < 2)
    begun_run(tmp_path / "a store", "digits", "abc1", "2026-01-02T00:00:00+00:00")
    code, out, err = labelworks("report", "--open", "--store", "a store")
    assert (code, err) == (0, "")
    assert opened == [Path(out.strip()).as_uri()]
    code, _, err = labelworks("report", "--open", "--store", "a store")
    assert (code, "no web browser" in err) == (0, True)


def test_init_writes_a_config_once(labelworks: Run, tmp_path: Path) -> None:
    rows = [f"a text of words {row}" for row in range(20)]
    pq.write_table(pa.table({"text": rows, "label": ["a", "b"] * 10}), tmp_path / "data.parquet")
    code, out, err = labelworks("init", "data.parquet")
    assert (code, out) == (0, "labelworks.yaml\n")
    assert re.search(r"label +label +2 values in 20 rows", err)
    written = (tmp_path / "labelworks.yaml").read_text()
    assert "source: data.parquet" in written
    code, out, err = labelworks("init", "data.parquet")
    assert (code, out) == (2, "")
    assert "labelworks.yaml: exists already" in err
    assert labelworks("init", "data.parquet", "--force")[0] == 0
    assert labelworks("init", "none.parquet", "--out", "b.yaml")[0] == 2
    assert not (tmp_path / "b.yaml").exists()


def test_detached_work_has_its_own_session_and_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    started = background.start("digits", ["methods", "--json"], record=True)
    assert os.getsid(started.process.pid) != os.getsid(0)
    assert started.process.wait(60) == 0
    assert json.loads(started.record.read_text())["methods"]
    assert started.log.read_text() == ""
    started = background.start("digits", ["run", str(tmp_path / "none.yaml")])
    assert started.process.wait(60) == 2
    assert "no such file" in started.log.read_text()


def test_usage_names_arguments_once_and_in_capitals(labelworks: Run) -> None:
    commands = [
        ["show"],
        ["runs"],
        ["gc"],
        ["serve"],
        ["doctor"],
        ["report", "compare"],
        ["review", "export"],
    ]
    for command in commands:
        _, printed, _ = labelworks(*command, "--help")
        usage = next(line for line in printed.splitlines() if "Usage:" in line)
        arguments = usage.split("[OPTIONS]")[1]
        assert "[[" not in arguments and "......" not in arguments
        assert arguments == arguments.upper()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("runs", "--store", "elsewhere", "--config", "good.yaml"), "good.yaml names another store: "),
        (("metrics", "--out", "a.prom", "--listen", "127.0.0.1:0"), "--out, --listen: a file or an address"),
        (
            ("run", "good.yaml", "--set", "dataset.window=a", "--window", "b"),
            "--set dataset.window, --window: two names of a window",
        ),
        (("serve", "good.yaml", "--port", "0"), "--port: PREFECT_API_URL names a server already"),
    ],
)
def test_options_that_would_count_for_nothing_are_refused(
    labelworks: Run, arguments: tuple[str, ...], says: str
) -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    Path("good.yaml").write_text(GOOD)
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        code, _, told = labelworks(*arguments)
    assert (code, says in told) == (2, True), told


def test_keys_that_count_for_nothing_are_said(labelworks: Run) -> None:
    Path("good.yaml").write_text(GOOD)
    _, _, told = labelworks(
        "run", "good.yaml", "--set", "treat.mode=reweight", "--set", "treat.min_class_rows=3"
    )
    assert "treat.min_class_rows counts for nothing: treat.mode is reweight: no label changes" in told
