"""Classes that are no classes of their own are found, and what is proposed of them takes one step."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelworks.schemas.findings import ConfusedPair
from labelworks.tasks.methods.label_space import audit, proposal

NAMES = st.text(alphabet="abAB &s", max_size=9)


def kinds(counts: dict[str, int], **more: object) -> set[tuple[str, ...]]:
    return {(each.kind, *map(str, each.names)) for each in audit(counts, **more)}  # type: ignore[arg-type]


def test_names_that_are_one_come_first_and_are_proposed() -> None:
    counts = {
        "cards": 300, "Cards": 40, "Card": 5, "Transfers": 200, "Tranfers": 9,
        "Fees and exchange": 100, "Fees & exchange": 70, "exchange fees and": 4,
    }  # fmt: skip
    findings = audit(counts)
    proposed = proposal(findings, {})
    assert {each.name: each.become for each in proposed if each.sure} == {
        "Cards": "cards", "Card": "cards", "Tranfers": "Transfers", "Fees & exchange": "Fees and exchange",
    }  # fmt: skip
    doubtful = [(each.name, each.become) for each in proposed if not each.sure]
    assert doubtful == [("exchange fees and", "Fees and exchange")]
    assert [finding.likely for finding in findings] == sorted(
        (finding.likely for finding in findings), reverse=True
    )


def test_what_a_mapping_says_already_is_not_proposed_again_nor_led_on_from() -> None:
    findings = audit({"cards": 300, "Cards": 40, "CARDS": 2})
    assert [each.name for each in proposal(findings, {"Cards": "plastic"})] == ["CARDS"]
    (one,) = (each for each in proposal(findings, {"cards": "plastic", "Cards": "plastic"}))
    assert (one.name, one.become) == ("CARDS", "plastic")
    assert proposal(findings, {"cards": None, "Cards": None}) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("user registration", "user registrations form"),
        ("v1 of the form", "v2 of the form"),
        ("timer", "time"),
    ],
)
def test_names_that_are_not_near(one: str, other: str) -> None:
    assert not [each for each in kinds({one: 50, other: 50}) if each[0] in ("near name", "same name")]


def test_two_slips_are_near_and_a_name_stands_within_others() -> None:
    found = kinds({"Technical Support": 50, "Tecnical Suport": 5, "Support": 9, "Support desk": 3})
    assert ("near name", "Technical Support", "Tecnical Suport") in found
    assert ("name within", "Support", "Technical Support", "Support desk") in found


def test_classes_confused_both_ways_or_mostly_one_way() -> None:
    shares = [("a1", "b1", 0.3), ("b1", "a1", 0.2), ("a1", "c1", 0.2), ("c1", "b1", 0.4), ("b1", "c1", 0.01)]
    confusions = [ConfusedPair(true=true, given=label, probability=share) for true, label, share in shares]
    found = audit({"a1": 90, "b1": 100, "c1": 10}, confusions=confusions)
    assert [(each.kind, each.names) for each in found] == [
        ("confused", ("b1", "a1")), ("confused", ("b1", "c1")),
    ]  # fmt: skip
    assert "30 % of 'a1' given as 'b1', 20 % the other way" in found[0].reason
    assert not any(each.likely for each in found)


def test_labels_that_imply_or_exclude_each_other_and_classes_of_no_row() -> None:
    rng = np.random.default_rng(0)
    animal = rng.random(4000) < 0.5
    dog = animal & (rng.random(4000) < 0.5)
    sets = {"animal": animal, "dog": dog, "hound": dog, "car": ~animal & (rng.random(4000) < 0.9),
            "red": rng.random(4000) < 0.4}  # fmt: skip
    counts = {name: int(rows.sum()) for name, rows in sets.items()}
    names = sorted(sets)
    together = Counter(
        {(one, two): int((sets[one] & sets[two]).sum()) for one in names for two in names if one < two}
    )
    found = kinds(counts, together=together, rows=4000, listed=["cat", *names])
    assert ("same rows", "hound", "dog") in found or ("same rows", "dog", "hound") in found
    assert {("within", "dog", "animal"), ("exclusive", "animal", "car"), ("empty", "cat")} <= found
    assert not [each for each in found if "red" in each]


def test_by_few_rows_nothing_is_said_of_labels_that_never_meet() -> None:
    assert kinds({"xx": 20, "yy": 20}, together=Counter(), rows=100) == set()


@given(st.dictionaries(NAMES, st.integers(1, 500), max_size=9), st.dictionaries(NAMES, NAMES, max_size=2))
def test_whatever_is_proposed_takes_one_step(counts: dict[str, int], mapping: dict[str, str]) -> None:
    mapping = {name: become for name, become in mapping.items() if become not in mapping}
    sure = {each.name: each.become for each in proposal(audit(counts), mapping) if each.sure}
    assert not set(sure) & set(mapping)
    whole = {**mapping, **sure}
    assert all(become not in whole or become == name for name, become in sure.items())
    assert set(sure) <= set(counts)
