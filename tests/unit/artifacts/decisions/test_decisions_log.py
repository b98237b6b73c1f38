"""Decisions of a dataset: kept whole, in order, never replaced, whoever writes at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from labelworks.schemas.decisions import RowDecision, decisions_table, in_force, of_table
from labelworks.tasks.artifacts.decisions.log import (
    append_decisions,
    decisions_files,
    decisions_in_force,
    decisions_print,
    read_decisions,
)
from labelworks.tasks.storage.store import Store


def decided(name: str, **said: object) -> RowDecision:
    values = {"answer": "keep", "annotator": "ann"} | said
    return RowDecision.model_validate({"id": name, **values})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


def test_they_come_back_in_the_order_in_which_they_were_made(store: Store) -> None:
    first = [decided("a"), decided("b", answer="class", classes=("x",), content=2**64 - 1, run="r")]
    second = [
        decided(
            "c", why="audit", sample="s", stratum=1, stratum_rows=9, probability=1 / 3, stratum_likely=0.2
        )
    ]
    assert append_decisions(store, "made@2026", first) == "made/decisions/000001.parquet"
    assert append_decisions(store, "made", []) is None
    assert append_decisions(store, "made", second) == "made/decisions/000002.parquet"
    files = decisions_files(store, "made@other")
    assert of_table(read_decisions(store, files)) == first + second
    assert read_decisions(store, ()).num_rows == 0


def test_files_of_older_versions_lack_what_was_not_written_then(store: Store) -> None:
    first = decided("a")
    older = decisions_table([first]).drop_columns(["stratum_likely"])
    store.write_table("made/decisions/000001.parquet", older)
    assert of_table(read_decisions(store, decisions_files(store, "made"))) == [first]


def test_their_print_is_of_what_they_say(store: Store) -> None:
    assert decisions_print(store, ()) == ""
    for name in ("a", "b"):
        append_decisions(store, "made", [decided(name)])
    files = decisions_files(store, "made")
    one, both = decisions_print(store, files[:1]), decisions_print(store, files)
    assert len({one, both, decisions_print(store, files[1:])}) == 3
    assert both == decisions_print(store, files)


def test_what_was_undone_or_answered_anew_does_not_count(store: Store) -> None:
    first, other, by_bob = decided("a"), decided("b"), decided("a", annotator="bob")
    undone = decided("a", answer="undone")
    append_decisions(store, "made", [first, other, by_bob])
    append_decisions(store, "made", [undone])
    files = decisions_files(store, "made")
    assert decisions_in_force(store, files) == [other, by_bob]
    assert len(read_decisions(store, files)) == 4  # all are kept
    anew = decided("a", answer="none")
    assert in_force([first, other, by_bob, undone, anew]) == [other, by_bob, anew]
    assert in_force([first, anew]) == [anew]
    apart = [
        decided("a", content=1),
        decided("a", content=2),
        decided("a", run="r"),
        decided("a", sample="s"),
    ]
    assert in_force(apart) == apart  # each is another question
    assert in_force([undone]) == []


def test_many_who_write_at_once_lose_nothing(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: append_decisions(store, "made", [decided(f"row {n}")]), range(40)))
    files = decisions_files(store, "made")
    assert len(files) == 40
    assert set(read_decisions(store, files)["id"].to_pylist()) == {f"row {n}" for n in range(40)}


def test_a_store_that_takes_any_put_is_written_under_a_lease(store: Store) -> None:
    with patch.object(Store, "try_conditional_put", lambda _: False):
        append_decisions(store, "made", [decided("a")])
        append_decisions(store, "made", [decided("b")])
    files = decisions_files(store, "made")
    assert read_decisions(store, files)["id"].to_pylist() == ["a", "b"]
    assert store.names("made/decisions") == {"000001.parquet", "000002.parquet"}


KILLED = """
import os, signal, sys
from labelworks.schemas.decisions import RowDecision
from labelworks.tasks.artifacts.decisions.log import append_decisions
from labelworks.tasks.storage.store import Store
before = os.link
def link(source, target):
    if "decisions" in str(target):
        if sys.argv[2] == "after":
            before(source, target)
        os.kill(os.getpid(), signal.SIGKILL)
    before(source, target)
os.link = link
rows = [RowDecision(id=str(n), answer="keep", annotator="ann") for n in range(500)]
append_decisions(Store(sys.argv[1]), "made", rows)
"""


@pytest.mark.parametrize(("when", "kept"), [("before", 0), ("after", 500)])
def test_killed_in_the_middle_all_are_kept_or_none(store: Store, when: str, kept: int) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, store.root, when], env=dict(os.environ), check=False)
    assert done.returncode == -signal.SIGKILL
    files = decisions_files(store, "made")
    assert read_decisions(store, files).num_rows == kept
    append_decisions(store, "made", [decided("next")])
    assert read_decisions(store, decisions_files(store, "made")).num_rows == kept + 1


@pytest.mark.parametrize(
    "said",
    [
        {"answer": "class"},
        {"answer": "class", "classes": ("a", "b")},
        {"answer": "keep", "classes": ("a",)},
        {"answer": "number"},
        {"answer": "number", "number": float("nan")},
        {"number": 1.0},
        {"annotator": ""},
        {"answer": "perhaps"},
        {"why": "audit"},
        {"why": "audit", "probability": 0.0},
        {"why": "like", "probability": 0.5},
        {"why": "like", "sample": "gold-1"},
    ],
)
def test_what_is_no_decision_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        decided("a", **said)


@given(
    st.lists(
        st.builds(
            RowDecision,
            id=st.text(),
            content=st.none() | st.integers(0, 2**64 - 1),
            given=st.none() | st.text(),
            answer=st.just("classes"),
            classes=st.lists(st.text(), max_size=3).map(tuple),
            annotator=st.text(min_size=1),
            probability=st.none() | st.floats(0.01, 1.0),
        ),
        max_size=4,
    )
)
def test_any_text_comes_back_as_it_was(decisions: list[RowDecision]) -> None:
    assert of_table(decisions_table(decisions)) == decisions
