"""What the threat model promises: secrets are hidden, paths stay inside, nothing unpickles."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from infra import settings
from infra.doctor import examine_prefect
from schemas.config import RunConfig
from schemas.errors import StoreError
from schemas.events import DatasetChanged
from schemas.redact import redacted

ROOT = Path(__file__).parents[2]
CANARY = "canary-5f1c"
LOADERS = {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
UNSAFE = {"eval", "exec", "yaml.load", "yaml.unsafe_load", "yaml.full_load", "os.system"}


def raw(**dataset: Any) -> dict[str, Any]:
    return {"dataset": {"source": "data", "label": "l", "features": {"text": "t"}, **dataset}}


def test_errors_hide_passwords_of_urls_and_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", f"admin:{CANARY}")
    error = StoreError(
        f"http://me:{CANARY}@host/x fails", where=f"s3://k:{CANARY}@b", fix=f"use admin:{CANARY}"
    )
    assert CANARY not in str(error) + repr(error) + str(error.args)
    assert "http://***@host/x" in str(error)
    assert CANARY not in str(StoreError.__reduce__(error))
    finding = examine_prefect(f"http://admin:{CANARY}@127.0.0.1:9/api")
    assert finding.status == "fail"
    assert CANARY not in finding.found
    assert (
        redacted("a plain text with an e-mail me@example.org") == "a plain text with an e-mail me@example.org"
    )


@pytest.mark.parametrize("place", ["source", "target"])
def test_no_config_takes_a_password_in_a_url(place: str) -> None:
    with pytest.raises(ValidationError, match="has a user or a password"):
        RunConfig.model_validate(raw(**{place: f"https://me:{CANARY}@host/data.parquet"}))


@pytest.mark.parametrize("name", ["..", "../x", "a/b", "/etc", "a\\b", ".hidden", "a\n", "ä"])
def test_names_from_configs_and_events_are_no_paths(name: str) -> None:
    for build in (
        lambda: RunConfig.model_validate(raw(name=name)),
        lambda: RunConfig.model_validate(raw(time="t", window=name)),
        lambda: DatasetChanged(dataset=name),
    ):
        with pytest.raises(ValidationError):
            build()


def test_a_window_stays_in_the_source_that_names_it() -> None:
    with pytest.raises(ValidationError):
        RunConfig.model_validate(raw(source="/data/{window}/", window="../../etc"))
    config = RunConfig.model_validate(raw(source="/data/{window}/", window="2026-01"))
    assert config.dataset.place("source") == "/data/2026-01/"


@pytest.mark.parametrize("folder", ["flows", "tasks", "schemas", "infra"])
def test_nothing_unpickles_evaluates_or_calls_a_shell(folder: str) -> None:
    loose = {"allow_pickle": True, "weights_only": False, "shell": True}
    for file in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                assert not {alias.name.split(".")[0] for alias in node.names} & LOADERS, file
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in LOADERS, file
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in UNSAFE, file
                for word in node.keywords:
                    value = getattr(word.value, "value", None)
                    assert word.arg not in loose or value is not loose[word.arg], f"{file}: {word.arg}"


def test_results_of_prefect_are_json_and_stay_in_memory() -> None:
    assert settings.QUIET["PREFECT_RESULTS_DEFAULT_SERIALIZER"] == "json"
    text = "".join(
        path.read_text() for folder in ("flows", "tasks") for path in (ROOT / folder).rglob("*.py")
    )
    assert "persist_result=True" not in text
    assert "result_serializer" not in text
