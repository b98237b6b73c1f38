"""Two runs beside each other: figures, rows, gates, configs, and the page that says so."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelworks.tasks.artifacts.shown.contents import Content
from labelworks.tasks.report.comparison import rows as comparing
from labelworks.tasks.report.comparison.figures import figures, gates, settings
from labelworks.tasks.report.comparison.page import RunComparison, page, terminal
from labelworks.tasks.report.comparison.rows import RowChanges, compare_rows, joined
from labelworks.tasks.storage.store import Store
from tests.support import reports

NASTY = "<script>alert(1)</script>_x"


def table(rows: dict[str, tuple[str, str, str]]) -> pa.Table:
    """Rows by id: given label, published label, action."""
    return pa.table(
        {
            "id": pa.array(list(rows), pa.string()),
            "label": pa.array([row[1] for row in rows.values()], pa.string()),
            "original_label": pa.array([row[0] for row in rows.values()], pa.string()),
            "action": pa.array([row[2] for row in rows.values()], pa.string()),
            "quality": pa.array([0.5] * len(rows), pa.float32()),
        }
    )


def changes(before: dict[str, tuple[str, str, str]], after: dict[str, tuple[str, str, str]]) -> RowChanges:
    found = RowChanges()
    found.add(joined(table(before), table(after)))
    return found


def test_rows_are_counted_by_what_differs() -> None:
    first = {"a": ("x", "x", "keep"), "b": ("x", "y", "relabel"), "c": ("x", "x", "keep")}
    second = {"b": ("x", "x", "keep"), "c": ("y", "y", "review"), "d": ("x", "x", "keep")}
    found = changes(first, second)
    assert (found.both, found.only_before, found.only_after) == (2, 1, 1)
    assert (found.given, found.label, found.action) == (1, 2, 2)
    assert found.actions == Counter({("relabel", "keep"): 1, ("keep", "review"): 1})
    assert found.labels == Counter({("y", "x"): 1, ("x", "y"): 1})
    assert found.classes == (Counter(x=2, y=1), Counter(x=2, y=1))
    assert {row.id for row in found.examples} == {"b", "c"}


made = st.dictionaries(
    st.sampled_from("abcdefgh"),
    st.tuples(st.sampled_from("xy"), st.sampled_from("xy"), st.sampled_from(["keep", "review"])),
)


@given(made, made)
def test_counts_agree_with_a_loop_over_ids(before: Any, after: Any) -> None:
    found = changes(before, after)
    both = before.keys() & after.keys()
    assert (found.both, found.only_before, found.only_after) == (
        len(both), len(before) - len(both), len(after) - len(both),
    )  # fmt: skip
    assert found.label == sum(before[name][1] != after[name][1] for name in both)
    assert found.actions == Counter((before[name][2], after[name][2]) for name in both)
    changed = {name for name in both if before[name][1:] != after[name][1:]}
    assert {row.id for row in found.examples} == changed


@pytest.mark.parametrize("at_once", [2, 1000])
def test_parts_in_shares_give_what_they_give_whole(
    at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(str(tmp_path))
    first = {f"r{row}": ("x", "xy"[row % 2], "keep") for row in range(30)}
    second = {f"r{row}": ("x", "x", "keep") for row in range(5, 35)}
    store.write_table("a.parquet", table(first))
    store.write_table("b.parquet", table(second).slice(0, 10))
    store.write_table("c.parquet", table(second).slice(10))
    monkeypatch.setattr(comparing, "AT_ONCE", at_once)
    found = compare_rows(store, ["a.parquet"], ["c.parquet", "b.parquet"], 30)
    whole = changes(first, second)
    assert (found.both, found.label, found.labels) == (whole.both, whole.label, whole.labels)
    assert sorted(row.id for row in found.examples) == sorted(row.id for row in whole.examples)


def test_labels_that_are_no_single_class() -> None:
    sets = table({"a": ("", "", "keep")}).set_column(
        1, "label", pa.array([["x", "y"]], pa.list_(pa.string()))
    )
    found = RowChanges()
    found.add(joined(comparing.written_out(sets), comparing.written_out(sets)))
    assert (found.label, list(found.classes[0])) == (0, ["x, y"])


def test_numbers_are_compared_but_not_counted_one_by_one(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    rows = {f"r{row}": ("", "", "keep") for row in range(50)}
    given = pa.array(map(float, range(50)), pa.float64())
    numbers = table(rows).set_column(2, "original_label", given)
    store.write_table("a.parquet", numbers.set_column(1, "label", given))
    moved = pa.array([value + (value < 5) for value in map(float, range(50))], pa.float64())
    store.write_table("b.parquet", numbers.set_column(1, "label", moved))
    found = compare_rows(store, ["a.parquet"], ["b.parquet"], 50)
    assert (found.both, found.given, found.label) == (50, 0, 5)
    assert (found.labels, found.classes) == (Counter(), (Counter(), Counter()))
    assert {(row.before[0], row.after[0]) for row in found.examples} == {
        (str(value), str(value + 1)) for value in range(5)
    }
    html = page(RunComparison(reports.published(), reports.published(), found, {}))
    assert "5</b> bear another label" in html


def noisy(rate: float, low: float, high: float) -> Any:
    noise = {"method": "m", "rate": rate, "rate_interval": [low, high], "flagged": 3, "flagged_share": 0.1}
    return reports.published(noise=noise)


@pytest.mark.parametrize(("low", "change"), [(0.22, "intervals apart"), (0.18, "intervals meet"), (None, "")])
def test_a_figure_moved_where_its_intervals_dont_meet(low: Any, change: str) -> None:
    told = figures(noisy(0.15, 0.1, 0.2), noisy(0.25, low, 0.3))
    (rate,) = [each for each in told if each.name == "noise rate"]
    assert (rate.by, rate.change, rate.moved) == ("+10.0", change, True)


def test_gates_and_settings_that_differ() -> None:
    first, second = (
        reports.published(),
        reports.published(
            gates={"ingest": reports.gate("ingest"), "detect": reports.gate("detect")},
            config={"dataset": {"name": "digits", "classes": ("0", "2")}, "seed": 1},
        ),
    )
    assert gates(first, second) == [
        ("detect: max_noise_rate", "warn", "pass", "0.71, expected noise_rate ≤ 0.6")
    ]
    assert settings(first, second) == [
        ("dataset.classes", "('0', '1')", "('0', '2')"), ("seed", "–", "1"),
    ]  # fmt: skip
    assert (gates(first, first), settings(first, first)) == ([], [])


def test_the_page_holds_hostile_text_as_text() -> None:
    rows = changes({NASTY: (NASTY, NASTY, "keep")}, {NASTY: (NASTY, "x", "relabel")})
    contents = {NASTY: Content(text=NASTY)}
    html = page(RunComparison(reports.published(dataset=NASTY), reports.published(), rows, contents))
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 4
    assert "Of 1 row in both, 1 bear another label and 1 another action." in html


def test_a_run_that_published_nothing_has_no_rows() -> None:
    from rich.console import Console

    found = RunComparison(reports.published(), reports.refused(), None, {})
    assert "is refused: there are no rows to compare" in page(found)
    console = Console(width=160)
    with console.capture() as shown:
        console.print(terminal(found))
    assert "labels that look wrong" in shown.get()
