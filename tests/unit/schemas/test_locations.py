"""What a config can't reach: other filesystems, chains of them, options that choose more than a place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from labelworks.schemas.config.load import load_config
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import ConfigError, StoreError
from labelworks.schemas.locations import HOSTS, OPTIONS, options_for, protocol_of
from labelworks.tasks.sources.changes import list_marks
from labelworks.tasks.sources.files import list_files
from labelworks.tasks.sources.profile import look
from labelworks.tasks.storage.filesystem import open_filesystem
from labelworks.tasks.storage.store import Store

FOREIGN = [
    "simplecache::s3://bucket/x",
    "zip::/tmp/a.zip",
    "reference::https://host/spec.json",
    "s3://bucket/x::reference://",
    "zip://*.csv::https://host/a.zip",
    "reference://x",
    "memory://x",
    "github://main/x",
    "ssh://host/x",
    "webhdfs://host/x",
    "dask://x",
    "S3://bucket/x",
    "data:text/plain,x://y",
]
WAYS: dict[str, Callable[[str], Any]] = {
    "filesystem": lambda url: open_filesystem(url, {}),
    "source": lambda url: list_files(url, "auto", {}),
    "init": lambda url: look(url, {}),
    "watcher": lambda url: list_marks(url, "auto", {}),
    "store": lambda url: Store(url).exists("x"),
}


def raw(**dataset: Any) -> dict[str, Any]:
    return {"dataset": {"source": "data", "label": "l", "features": {"text": "t"}, **dataset}}


@pytest.mark.parametrize("url", FOREIGN)
@pytest.mark.parametrize("key", ["source", "target", "store.root", "votes"])
def test_no_key_of_a_config_takes_a_foreign_filesystem(key: str, url: str) -> None:
    config = raw() if key == "store.root" else raw(**{key: url})
    if key == "votes":
        config = raw(votes={"source": url}, id="i", label="")
    elif key == "store.root":
        config["store"] = {"root": url}
    with pytest.raises(
        ValidationError, match=r"(dataset|store)\.[a-z.]+ .* (aren't|no protocol that is) opened"
    ):
        RunConfig.model_validate(config)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("url", FOREIGN)
def test_no_way_in_opens_a_foreign_filesystem(url: str, way: str) -> None:
    with pytest.raises(StoreError, match=r"can't be opened: .*opened"):
        WAYS[way](url)


def test_the_file_and_the_line_are_named(tmp_path: Path) -> None:
    text = "dataset:\n  source: zip::/tmp/a.zip\n  label: l\n  features: {text: t}\n"
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"c\.yaml:2.*dataset\.source can't be opened: chained locations"):
        load_config(tmp_path / "c.yaml")


def test_names_of_files_that_look_like_chains_are_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "zip::a.csv").write_text("label,text\na,b\n")
    (tmp_path / "odd::folder").mkdir()
    assert protocol_of("zip::a.csv") == protocol_of(f"{tmp_path}/not::there") == ""
    assert [each.name for each in list_files("zip::a.csv", "auto", {})] == ["zip::a.csv"]
    assert [each.name for each in list_files(f"file://{tmp_path}", "auto", {})] == ["zip::a.csv"]


@pytest.mark.parametrize(
    ("source", "options", "key"),
    [
        ("reference", {"fo": "x"}, "fo"),
        ("s3://b/x", {"fo": "x"}, "fo"),
        ("s3://b/x", {"client_kwargs": {"proxies": "http://h"}}, "client_kwargs.proxies"),
        ("s3://b/x", {"config_kwargs": {"proxies": {"https": "h"}}}, "config_kwargs.proxies"),
        ("s3://b/x", {"config_kwargs": {"signature_version": "bearer"}}, "config_kwargs.signature_version"),
        ("s3://b/x", {"endpoint_url": ["http://h"]}, "endpoint_url"),
        ("s3://b/x", {"session": "aiobotocore.session.AioSession"}, "session"),
        ("s3://b/x", {"protocol": "reference"}, "protocol"),
        (
            "gs://b/x",
            {"token": {"type": "external_account", "credential_source": {"executable": {}}}},
            "token",
        ),
        ("az://b/x", {"account_name": "evil.example/"}, "account_name"),
        ("az://b/x", {"account_host": "evil.example\\.core.windows.net"}, "account_host"),
        ("gs://b/x", {"endpoint_url": "https://evil.example\\.googleapis.com"}, "endpoint_url"),
        ("gs://b/x", {"endpoint_url": "https://evil.example?.googleapis.com"}, "endpoint_url"),
        ("s3://b/x", {"client_kwargs": {"region_name": "x.evil.example/"}}, "client_kwargs.region_name"),
        ("gs://b/x", {"session_kwargs": {"headers": {}}}, "session_kwargs"),
        ("az://b/x", {"credential": {"a": 1}}, "credential"),
        ("https://h/x.csv", {"client_kwargs": {"headers": {"a": "b"}}}, "client_kwargs"),
        ("https://h/x.csv", {"get_client": "os.system"}, "get_client"),
        ("http://h/x.csv", {"target_options": {}}, "target_options"),
    ],
)
def test_options_are_those_that_are_listed(source: str, options: dict[str, Any], key: str) -> None:
    with pytest.raises(ValidationError, match=rf"dataset\.storage_options\.{key} is no option"):
        RunConfig.model_validate(raw(source=source, storage_options=options))
    if key in ("token", "credential"):  # the operator's Prefect block may have them
        return
    try:
        assert options_for(source, options) == {}  # it is another protocol's, or of a local path
    except ConfigError as error:
        assert error.what.startswith(f"'{key}")


@pytest.mark.parametrize(
    "options", [{"key": "k", "secret": "s"}, {"client_kwargs": {"aws_session_token": "t"}}]
)
def test_secrets_come_from_elsewhere_and_are_taken_there(options: dict[str, Any]) -> None:
    assert options_for("s3://b/x", options) == options
    with pytest.raises(ValidationError):
        RunConfig.model_validate(raw(source="s3://b/x", storage_options=options))


def test_what_is_documented_is_taken() -> None:
    options = {
        "endpoint_url": "http://127.0.0.1:9000", "anon": True,
        "client_kwargs": {"region_name": "eu-central-1"},
        "config_kwargs": {"retries": {"max_attempts": 3}, "s3": {"addressing_style": "path"}},
        "s3_additional_kwargs": {"ServerSideEncryption": "aws:kms"},
    }  # fmt: skip
    for protocol in ("s3", "s3a"):
        RunConfig.model_validate(raw(source=f"{protocol}://b/x", storage_options=options))
    RunConfig.model_validate(raw(source="data", storage_options=options))
    RunConfig.model_validate(raw(source="s3://b/x", target="https://h/x.csv", storage_options=options))
    assert options_for("https://h/x.csv", options) == options_for("data", options) == {}
    assert set(OPTIONS) == {"s3", "gs", "az", "http"}


@pytest.mark.parametrize(
    ("url", "options", "fine"),
    [
        ("gs://b/x", {"endpoint_url": "http://evil.example"}, False),
        ("gs://b/x", {"endpoint_url": "http://googleapis.com.evil.example"}, False),
        ("gs://b/x", {"endpoint_url": "http://evil.example", "token": "anon"}, True),
        ("gs://b/x", {"endpoint_url": "http://127.0.0.1:4443"}, True),
        ("gs://b/x", {"endpoint_url": "https://storage.googleapis.com"}, True),
        ("gs://b/x", {"endpoint_url": "https://mine.example"}, True),
        ("az://b/x", {"account_name": "abc", "account_host": "a.evil.example"}, False),
        ("az://b/x", {"account_name": "abc", "account_host": "a.blob.core.windows.net"}, True),
    ],
)
def test_a_token_goes_to_its_cloud_to_this_machine_or_where_the_operator_says(
    url: str, options: dict[str, Any], fine: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOSTS, "other.example, mine.example")
    if fine:
        assert options_for(url, options) == options
    else:
        with pytest.raises(ConfigError, match=r"would be sent the credentials") as caught:
            options_for(url, options)
        assert HOSTS in caught.value.fix
