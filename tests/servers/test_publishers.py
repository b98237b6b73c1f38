"""Many who publish at once: each gets a version of its own and is told who came first, on any store."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from labelworks.flows.execute import execute
from labelworks.schemas.errors import StoreError
from labelworks.tasks.execution.progress import Silent, telling
from labelworks.tasks.storage import lease as leases
from labelworks.tasks.storage.lease import lease
from labelworks.tasks.storage.store import Store
from labelworks.tasks.storage.versions import claim_version, read_version, versions

PUBLISHERS = 8


class Heard(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


class Rival(Heard):
    """Publishes another run of the dataset, with this manifest, when the stage `validate` begins."""

    def __init__(self, store: Store, manifest: bytes) -> None:
        super().__init__()
        self.store, self.manifest = store, manifest

    def stage(self, name: str, *, total: int | None = None) -> None:
        if name == "validate":
            self.store.write("made/runs/rival/manifest.json", self.manifest)
            claim_version(self.store, "made", "rival", "made/runs/rival/manifest.json")


def publish(url: str, options: dict[str, Any], run: str) -> tuple[int, list[str]]:
    heard = Heard()
    with telling(heard):
        return claim_version(Store(url, options), "d", run, f"d/runs/{run}/manifest.json"), heard.notes


@pytest.fixture(params=["bucket", "ceph_bucket", "any put"])
def shared(request: pytest.FixtureRequest, proxy: Any) -> tuple[str, dict[str, Any]]:
    """A bucket; behind a proxy that drops the condition, it is that of a server that takes any put."""
    url, options = request.getfixturevalue("bucket" if request.param == "any put" else request.param)
    if request.param != "any put":
        assert Store(url, options).try_conditional_put()
        return url, options
    options = {**options, "endpoint_url": proxy(options["endpoint_url"], strip="if-none-match").url}
    assert not Store(url, options).try_conditional_put()
    return url, options


def test_of_eight_at_once_each_gets_its_version_and_hears_who_was_first(shared: Any) -> None:
    runs = [f"run-{number}" for number in range(PUBLISHERS)]
    with ThreadPoolExecutor(PUBLISHERS) as pool:
        claimed = list(pool.map(lambda run: publish(*shared, run), runs))
    store = Store(*shared)
    assert sorted(number for number, _ in claimed) == versions(store, "d") == [*range(1, PUBLISHERS + 1)]
    winner = runs[[number for number, _ in claimed].index(1)]
    for run, (number, notes) in zip(runs, claimed, strict=True):
        manifest = f"d/runs/{run}/manifest.json"
        assert read_version(store, "d", number) == {"run_id": run, "manifest": manifest}
        told = f"run {winner} published first, as version 1: this run is version {number}"
        assert (told in notes) == (run != winner)
        assert publish(*shared, run) == (number, [])
    assert store.names("") == {"d"}
    assert {name for name in store.names("d/versions") if name.startswith(".")} == set()


def test_the_same_run_in_two_processes_is_one_version(shared: Any) -> None:
    with ThreadPoolExecutor(4) as pool:
        claimed = list(pool.map(lambda _: publish(*shared, "same")[0], range(4)))
    assert claimed == [1] * 4
    assert versions(Store(*shared), "d") == [1]


def test_a_lease_whose_holder_died_is_waited_out_and_taken(
    bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(*bucket)
    store.write("d/.lease", leases.lease_file("dead"))
    monkeypatch.setattr(leases, "LASTS", 2.5)
    heard, began = Heard(), time.monotonic()
    with telling(heard), lease(store, "d/.lease", "alive"):
        assert time.monotonic() - began > 2.5
        assert store.read_json("d/.lease")["owner"] == "alive"
    assert heard.notes == ["run dead is publishing: waiting for it"]
    assert store.names("d") == set()


def test_a_lease_that_stays_taken_is_an_error_that_says_by_whom(
    bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(*bucket)
    monkeypatch.setattr(leases, "PATIENCE", 0.5)
    with lease(store, "d/.lease", "first"):
        second = lease(store, "d/.lease", "second")
        with pytest.raises(StoreError, match=r"run first has held the lease"), second:
            pytest.fail("two hold it")
        assert store.read_json("d/.lease")["owner"] == "first"


@pytest.mark.usefixtures("prefect_api")
def test_a_run_names_who_published_while_it_worked(
    made: Any, write: Any, run_config: Any, bucket: Any
) -> None:
    url, options = bucket
    where = {"source": write(made(rows=120).table), "store": {"root": url, "storage_options": options}}
    store, config = Store(url, options), run_config(**where)
    first = execute(run_config(**where, treat={"mode": "relabel"}))
    rival = Rival(store, store.read(f"made/runs/{first.run_id}/manifest.json"))
    assert (first.version, execute(config, progress=rival).version) == (1, 3)
    told = [note for note in rival.notes if "published first" in note]
    assert told == ["run rival published first, as version 2: this run is version 3"]
    again = Heard()
    assert execute(config, progress=again).version == 3
    assert not any("published first" in note for note in again.notes)
