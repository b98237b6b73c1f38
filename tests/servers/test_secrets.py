"""Canaries: keys that a run was given are in nothing that it writes, prints, logs or raises."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import httpx
import pytest
import yaml
from distributed import Client
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, LogFilter

from labelworks.flows.execute import execute
from labelworks.flows.served.registration import register
from labelworks.flows.served.runner import Runner
from labelworks.infra.events.queue import EventQueue
from labelworks.infra.processes.serving import reserved
from labelworks.infra.processes.signals import Interrupt
from labelworks.infra.secrets import judge_keys
from labelworks.schemas.config.judges import JudgesConfig
from labelworks.schemas.errors import ConfigError, LabelworksError, StoreError
from labelworks.schemas.events import DatasetChanged
from labelworks.schemas.secrets.redact import redact
from labelworks.tasks.methods import registry
from labelworks.tasks.storage.listing import objects
from labelworks.tasks.storage.store import Store
from tests.support.waiting import wait_for

pytestmark = pytest.mark.usefixtures("prefect_api")
CANARIES = {"key": "CANARYKEY7QX", "secret": "canary-secret-9fz", "token": "canary-token-3vw"}


TOLD = "canary-of-a-variable-4kd"


def sung(text: bytes | str) -> list[str]:
    found = text if isinstance(text, bytes) else text.encode()
    return [name for name, value in {**CANARIES, "told": TOLD}.items() if value.encode() in found]


@pytest.fixture
def leaky(monkeypatch: pytest.MonkeyPatch, dask_cluster: str) -> Iterator[str]:
    """A model of a plug-in that fails, on the workers, and says why with what it shouldn't say."""
    monkeypatch.setenv("OF_A_PLUGIN_TOKEN", TOLD)

    def registered(told: str) -> None:
        from labelworks.tasks.methods import registry

        @registry.register("models", "leaky", source="this test")
        def leaky(*_: Any, **__: Any) -> None:
            raise RuntimeError(f"the service refuses {told}") from ValueError(told)

    registered(TOLD)
    with Client(dask_cluster) as client:
        client.run(registered, TOLD)
        yield "leaky"
        client.run(registry.forget, "this test")
    registry.forget("this test")


def test_no_secret_of_a_block_is_written_printed_logged_or_raised(
    made: Any, write: Any, run_config: Any, bucket: Any, capfd: Any, caplog: Any, proxy: Any
) -> None:
    from prefect.blocks.system import Secret

    url, options = bucket
    fsspec.filesystem("s3", **options).put(str(write(made().table)), f"{url}/data/", recursive=True)
    Secret(value=json.dumps(CANARIES)).save("canaries", overwrite=True)
    config = run_config(
        f"{url}/data/", store={"root": f"{url}/store", "storage_options": options, "secret": "canaries"}
    )
    record = execute(config)
    assert record.status == "published"
    store = Store(f"{url}/store", options)
    written = objects(store, "made")
    assert len(written) > 20
    assert [each.name for each in written if sung(store.read(each.name))] == []
    assert sung(record.model_dump_json()) == []
    assert sung("".join(capfd.readouterr())) == []
    assert sung(caplog.text) == []
    home = Path(
        os.environ["PREFECT_HOME"]
    )  # artifacts, parameters and logs of the API; the block is encrypted
    assert [path for path in home.rglob("*") if path.is_file() and sung(path.read_bytes())] == []
    refusing = proxy(options["endpoint_url"], rate=1.0, faults=("503",))
    for reached in (refusing.url, "http://127.0.0.1:9"):
        secret = Store(f"{url}/store", {**CANARIES, "endpoint_url": reached})
        with pytest.raises(StoreError) as caught:
            secret.read("x")
        assert sung(f"{caught.value!r} {caught.value} {caught.value.__cause__!r} {secret!r}") == []


def test_keys_of_judges_come_from_blocks_and_are_hidden() -> None:
    from prefect.blocks.system import Secret

    Secret(value="canary-of-a-judge-2wd").save("judge-key", overwrite=True)
    Secret(value={"key": "no text"}).save("judge-object", overwrite=True)

    def asked(block: str) -> JudgesConfig:
        return JudgesConfig.model_validate(
            {"models": [{"model": "m", "price_in": 0, "price_out": 0, "secret": block}] * 2}
        )

    assert judge_keys(asked("judge-key")) == {"judge-key": "canary-of-a-judge-2wd"}
    assert redact("sent canary-of-a-judge-2wd") == "sent ***"
    for block, why in (("judge-object", "holds no text"), ("judge-missing", "no Secret block")):
        with pytest.raises(ConfigError, match=why) as caught:
            judge_keys(asked(block))
        assert caught.value.where == "treat.judges.models.0.secret"


def test_a_flow_that_fails_says_no_secret_in_states_logs_or_tracebacks(
    made: Any, write: Any, run_config: Any, leaky: str, tmp_path: Path, capfd: Any
) -> None:
    own = {"dataset": {"name": "leaking"}, "validate": {"model": leaky}, "reprocess": {"debounce": 0}}
    config = run_config(write(made().table), **own)
    queue = EventQueue(tmp_path / "events.db")
    queue.put([DatasetChanged(dataset="leaking")])
    with get_client(sync_client=True) as client:
        runner = Runner(config, queue, client, register(config), Interrupt())
        with pytest.raises(SystemExit):  # the process may do better anew
            runner.turn()
        names = {"name": {"any_": [f"{flow} leaking" for flow in ("reprocess", "curate", "validate")]}}
        runs = client.read_flow_runs(flow_run_filter=FlowRunFilter.model_validate(names))
        kept = LogFilter.model_validate({"flow_run_id": {"any_": [run.id for run in runs]}})

        def logged() -> str:
            return "".join(log.message for log in client.read_logs(kept))

        wait_for(lambda: logged().count("Traceback") >= 3, 30, about="a traceback of each flow")
        logs = logged()
    messages = [run.state.message for run in runs if run.state is not None]
    assert len(messages) == 3
    for message in (*messages, logs, capfd.readouterr().err):
        assert "the service refuses ***" in message
        assert sung(message) == []
    home = Path(os.environ["PREFECT_HOME"])
    assert [path for path in home.rglob("*") if path.is_file() and sung(path.read_bytes())] == []


def test_an_error_that_is_raised_from_a_run_holds_no_secret(
    made: Any, write: Any, run_config: Any, leaky: str
) -> None:
    config = run_config(write(made().table), dataset={"name": "raising"}, validate={"model": leaky})
    with pytest.raises(LabelworksError, match=r"RuntimeError: the service refuses \*\*\*") as caught:
        execute(config)
    assert sung("".join(traceback.format_exception(caught.value))) == []


def test_watcher_sqs_and_receiver_say_no_secret(prefect_api: str, tmp_path: Path) -> None:
    dataset = {
        "name": "unreadable", "source": f"s3://{TOLD}/x/", "label": "l", "features": {"text": "t"},
        "storage_options": {"endpoint_url": "http://127.0.0.1:9"},
    }  # fmt: skip
    reprocess = {"poll": "200ms", "sqs": f"http://127.0.0.1:9/{TOLD}"}
    (tmp_path / "c.yaml").write_text(yaml.safe_dump({"dataset": dataset, "reprocess": reprocess}))
    command = [
        sys.executable,
        "-m",
        "labelworks.flows.cli.app",
        "watch",
        str(tmp_path / "c.yaml"),
        "--listen",
    ]
    with reserved() as port, (tmp_path / "said").open("w") as said:
        listen = f"127.0.0.1:{port}"
        environment = {**os.environ, "OF_A_STORE_TOKEN": TOLD, "LABELWORKS_EVENTS_TOKEN": TOLD}
        state = ["--state", str(tmp_path / "state")]
        process = subprocess.Popen([*command, listen, *state], env=environment, stdout=said, stderr=said)
        try:
            wait_for(lambda: heard(tmp_path / "said") and answered(listen), 300, about="what both say")
        finally:
            process.terminate()
            process.wait(60)
    text = (tmp_path / "said").read_text()
    assert "unreadable: can't be watched, trying again: s3://***/x/" in text, text
    assert "http://127.0.0.1:9/***: " in text, text
    assert sung(text) == []


def heard(said: Path) -> bool:
    """Whether the watcher and the queue's reader said that they can't."""
    text = said.read_text()
    return "can't be watched" in text and "127.0.0.1:9/***" in text


def answered(listen: str) -> bool:
    """Whether the receiver refused a notification, which is no JSON, with its token in the path."""
    try:
        return httpx.post(f"http://{listen}/api/notifications/{TOLD}", content=b"[").status_code == 400
    except httpx.HTTPError:
        return False
