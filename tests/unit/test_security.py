"""What the threat model promises: secrets are hidden, paths stay inside, nothing unpickles."""

from __future__ import annotations

import ast
import logging
import traceback
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from labelworks.infra import settings
from labelworks.infra.doctor.doctor import examine_prefect
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import LabelworksError, StoreError
from labelworks.schemas.events import DatasetChanged
from labelworks.schemas.secrets.logging import Redaction, redacted
from labelworks.schemas.secrets.redact import redact
from labelworks.tasks.planning.open_run import open_run

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
        redact("a plain text with an e-mail me@example.org") == "a plain text with an e-mail me@example.org"
    )


@pytest.mark.parametrize("place", ["source", "target"])
def test_no_config_takes_a_password_in_a_url(place: str) -> None:
    with pytest.raises(ValidationError, match="has a user or a password"):
        RunConfig.model_validate(raw(**{place: f"https://me:{CANARY}@host/data.parquet"}))


@pytest.mark.parametrize(
    "name",
    [
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "ALIBABA_ACCESS_KEY",
        "AZURE_STORAGE_KEY", "AZURE_STORAGE_ACCOUNT_KEY", "PREFECT_API_KEY", "LABELWORKS_EVENTS_SECRET",
        "PREFECT_SERVER_DATABASE_PASSWORD", "PREFECT_API_DATABASE_CONNECTION_URL",
    ],
)  # fmt: skip
def test_what_secret_variables_hold_is_hidden(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, CANARY)
    assert redact(f"a request with {CANARY} failed") == "a request with *** failed"


@pytest.mark.parametrize("name", ["HOME_KEYS", "TOKENIZERS_PARALLELISM", "AWS_ENDPOINT_URL", "MONKEY"])
def test_what_other_variables_hold_is_not(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "an-ordinary-value")
    assert redact("this is an-ordinary-value") == "this is an-ordinary-value"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PREFECT_API_AUTH_STRING", f"admin:{CANARY}"),
        ("OTEL_EXPORTER_OTLP_HEADERS", f"x-tenant=one,authorization={CANARY}"),
        (
            "AZURE_STORAGE_CONNECTION_STRING",
            f"DefaultEndpointsProtocol=https;AccountName=me;AccountKey={CANARY};EndpointSuffix=core.windows.net",
        ),
    ],
)
def test_the_secret_part_of_a_variable_is_hidden_alone_too(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert CANARY not in redact(f"{CANARY} of {value} fails at https://me.core.windows.net")
    assert redact("https://me.core.windows.net") == "https://me.core.windows.net"


def test_of_two_secrets_that_begin_alike_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", CANARY)
    monkeypatch.setenv("B_TOKEN", f"{CANARY}-and-more")
    assert redact(f"{CANARY}-and-more, {CANARY}") == "***, ***"


def test_a_log_record_hides_secrets_in_message_arguments_and_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOME_TOKEN", CANARY)
    with pytest.raises(ValueError, match=CANARY) as raised:
        int(CANARY)
    caught = (raised.type, raised.value, raised.tb)
    record = logging.LogRecord("any", logging.ERROR, __file__, 1, f"{CANARY}: %s", (caught[1],), caught)
    assert Redaction().filter(record)
    text = logging.Formatter().format(record)
    assert CANARY not in text
    assert text.startswith("***: invalid literal")
    assert "ValueError: invalid literal for int() with base 10: '***'" in text


def test_an_error_of_a_flow_is_what_it_was_unless_it_holds_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", CANARY)
    with pytest.raises(KeyError), redacted():
        raise KeyError("plain")
    with pytest.raises(LabelworksError) as caught, redacted():
        raise KeyError(CANARY)
    assert str(caught.value) == "KeyError: '***'"
    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "section",
    [
        {"dataset": {"storage_options": {"endpoint_url": f"http://me:{CANARY}@host"}}},
        {"dataset": {"votes": {"source": f"http://me:{CANARY}@host/votes.csv"}, "id": "i", "label": ""}},
        {"store": {"root": f"s3://me:{CANARY}@bucket"}},
        {"store": {"storage_options": {"client_kwargs": {"proxies": [f"http://me:{CANARY}@host"]}}}},
        {"reprocess": {"sqs": f"https://me:{CANARY}@host/queue"}},
        {"compute": {"scheduler": f"tls://me:{CANARY}@host:8786"}},
        {"encoder": {"options": {"url": f"https://me:{CANARY}@host"}}},
    ],
)
def test_no_url_of_a_config_has_a_password(section: dict[str, Any]) -> None:
    (name,) = section
    with pytest.raises(ValidationError, match=rf"{name}\.[a-z_.0-9]+ has a user or a password"):
        RunConfig.model_validate({**raw(), name: {**raw().get(name, {}), **section[name]}})


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        ({"job_script_prologue": [f"export AWS_SECRET_ACCESS_KEY={CANARY}"]}, "job_script_prologue.0"),
        ({"job_script_prologue": [f"export A=1 MY_TOKEN='{CANARY}'"]}, "job_script_prologue.0"),
        ({"worker_command": f"dask worker --password={CANARY}"}, "worker_command"),
        ({"environment": [{"name": "A_PASSWORD", "value": CANARY}]}, "environment.0.A_PASSWORD"),
        ({"environment": {"AWS_SECRET_ACCESS_KEY": CANARY}}, "environment.AWS_SECRET_ACCESS_KEY"),
        ({"nodes": [{"auth": {"token": CANARY}}]}, "nodes.0.auth.token"),
    ],
)
def test_no_cluster_takes_a_secret_wherever_it_is(arguments: dict[str, Any], where: str) -> None:
    compute = {"cluster_class": "dask_jobqueue.SLURMCluster", "cluster_kwargs": arguments}
    with pytest.raises(ValidationError, match=rf"compute\.cluster_kwargs\.{where} looks like a secret"):
        RunConfig.model_validate({**raw(), "compute": compute})


@pytest.mark.parametrize(
    "arguments",
    [
        {"job_script_prologue": ["export OMP_NUM_THREADS=1", 'export MY_TOKEN=$(cat token) B_TOKEN="$T"']},
        {"env": [{"name": "A_KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "A_KEY"}}}]},
        {"spec": {"tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]}},
        {"volumes": [{"secret": {"secretName": "certificate"}}], "key_name": "of-the-machines"},
        {"environment": {"TOKENIZERS_PARALLELISM": "false"}},
    ],
)
def test_what_names_a_secret_is_none(arguments: dict[str, Any]) -> None:
    compute = {"cluster_class": "dask_jobqueue.SLURMCluster", "cluster_kwargs": arguments}
    assert RunConfig.model_validate({**raw(), "compute": compute}).compute.cluster_kwargs == arguments


HERE = {"endpoint_url": "http://here"}


@pytest.mark.parametrize(
    ("root", "source", "options", "given"),
    [
        ("s3://store", "s3://data/x/", {}, True),
        ("s3://store", "s3://data/x/", HERE, True),
        ("s3://store", "s3://data/x/", {"endpoint_url": "http://there"}, False),
        ("s3://store", "gs://data/x/", {}, False),
        ("s3://store", "https://host/x.csv", {}, False),
        ("s3://store", "data/x", {}, False),
        ("store", "s3://data/x/", {}, False),
    ],
)
def test_only_a_source_on_the_stores_own_server_gets_its_secret(
    root: str, source: str, options: dict[str, Any], given: bool
) -> None:
    store = {"root": root, "storage_options": HERE if "://" in root else {}}
    config = RunConfig.model_validate({**raw(source=source, storage_options=options), "store": store})
    assert ("secret" in open_run(config, "", {"secret": CANARY}).source.options) is given
    mixed = raw(source=source, storage_options=options, target="https://elsewhere/new.csv")
    config = RunConfig.model_validate({**mixed, "store": store})
    assert "secret" not in open_run(config, "", {"secret": CANARY}).source.options


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
