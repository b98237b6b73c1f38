"""Versions: which run is the newest after publishing, rolling back, and running again."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from labelworks.schemas.errors import InputError
from labelworks.tasks.execution.progress import Silent, telling
from labelworks.tasks.sources.time_windows import in_window, no_times
from labelworks.tasks.storage.rollback import reinstate_version, rollback
from labelworks.tasks.storage.store import Store
from labelworks.tasks.storage.versions import claim_version, read_version, versions


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


def newest(store: Store) -> str:
    return str(read_version(store, "d", versions(store, "d")[-1])["run_id"])


def publish(store: Store, run: str) -> int:
    return claim_version(store, "d", run, f"d/runs/{run}/manifest.json")


def again(store: Store, run: str) -> int:
    return reinstate_version(store, "d", run, f"d/runs/{run}/manifest.json")


def test_a_rollback_is_recorded_and_holds_the_runs_it_left(store: Store) -> None:
    for run in ("a", "b", "c"):
        publish(store, run)
    assert rollback(store, "d", 1) == 4
    assert (newest(store), again(store, "c"), again(store, "b")) == ("a", 3, 2)
    assert read_version(store, "d", 4)["rolled_back_from"] == 3
    publish(store, "e")
    assert (newest(store), again(store, "c"), newest(store)) == ("e", 3, "e")
    assert again(store, "a") == 6
    assert newest(store) == "a"


def test_rolling_forward_frees_the_run_again(store: Store) -> None:
    publish(store, "a")
    publish(store, "b")
    rollback(store, "d", 1)
    rollback(store, "d", 2)
    publish(store, "c")
    assert (again(store, "b"), newest(store)) == (6, "b")


def test_nothing_is_rolled_back_to_itself_or_to_what_is_not_there(store: Store) -> None:
    with pytest.raises(InputError, match="nothing was published"):
        rollback(store, "d", 1)
    publish(store, "a")
    with pytest.raises(InputError, match="already run a"):
        rollback(store, "d", 1)
    assert versions(store, "d") == [1]


@pytest.mark.parametrize(
    "times",
    [
        pa.array(["2026-01-31T23:59:59", "2026-02-01", None]),
        pa.array(["2026-01-31T20:00:00-02:00", "2026-01-31T22:00:00-05:00", None]),
        pa.array(["2026-01-31T23:00:00Z", "2026-02-01T00:30", None]),
        pa.array(["2026-01 is no time, but a window", "2026-02-01T00:30:00+00:00", None]),
        pa.array([1769903999999999999, 1769904000000000001, None], pa.timestamp("ns")),
        pa.array([1769903999, 1769904000, None], pa.timestamp("s")),
        pa.array([1769903999000, 1769904000000, None], pa.timestamp("ms", "America/New_York")),
        pa.array([20484, 20485, None], pa.date32()),
    ],
)
def test_a_window_is_how_a_time_begins(times: pa.Array) -> None:
    assert in_window(pa.chunked_array([times]), "2026-01").to_pylist() == [True, False, False]


def test_texts_that_are_no_time_are_found() -> None:
    texts = pa.chunked_array([["2026-01-31", "2026-02-30", None, "soon", "2026-01-31T10:00:00+05:30"]])
    assert no_times(texts).to_pylist() == [False, True, False, True, False]
    assert no_times(pa.chunked_array([pa.array([1, None], pa.timestamp("ns"))])).to_pylist() == [False] * 2


def test_a_number_is_no_time() -> None:
    with pytest.raises(InputError, match="int64"):
        in_window(pa.chunked_array([[1, 2]]), "2026")


def test_who_published_since_a_run_was_opened_is_said(store: Store) -> None:
    notes: list[str] = []

    class Heard(Silent):
        def note(self, text: str) -> None:
            notes.append(text)

    publish(store, "old")
    publish(store, "rival")
    with telling(Heard()):
        assert claim_version(store, "d", "ours", "m", newest=1) == 3
        assert claim_version(store, "d", "ours", "m", newest=0) == 3  # gone on with: it has its version
        assert claim_version(store, "d", "later", "m", newest=3) == 4
    assert notes == ["run rival published first, as version 2: this run is version 3"]
