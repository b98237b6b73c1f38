"""Names of one class are found, names of two are left alone, and many are looked through quickly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelworks.tasks.methods.label_space.similar_names import similar_names


def found(*names: str, rare: int = 8) -> list[tuple[str, ...]]:
    """Names of which the first has many rows."""
    counts = {name: rare if place else 100 for place, name in enumerate(names)}
    return [each.names for each in similar_names(counts)]


@pytest.mark.parametrize(
    "names",
    [
        ("Billing", "billing"),
        ("Returns & Exchanges", "Returns and Exchanges"),
        ("R&D", "R and D"),
        ("AT&amp;T", "AT&T"),
        (" lead", "lead"),
        ("sign  up", "Signup"),
        ("product_10", "product 10"),
        ("e-mail", "E_Mail"),
        ("Caf\u00e9", "Cafe\u0301"),  # composed or not
        ("\uff21\uff22\uff23", "abc"),  # full width
        ("x\u200bray", "x\u00a0ray"),  # no width, no break
        ("STRASSE", "stra\u00dfe"),
        ("北京 市", "北京市"),
        ("Technical Support", "technical suport"),
        ("Receive", "Recieve"),
        ("Delivery", "Delivrey"),
        ("Refund", "Refunds"),
        ("Größe", "Grösse"),
        ("Доставка", "Достафка"),
    ],
)
def test_one_class_written_in_two_ways(names: tuple[str, str]) -> None:
    assert found(*names) == [names]


@pytest.mark.parametrize(
    "names",
    [
        ("a1", "a2"), ("0", "1"), ("-1", "1"), ("class 1", "class 2"), ("class 1", "class 11"), ("1 1", "11"),
        ("1-2", "12"), ("v1.0", "v10"), ("card_payment_fee", "cash_payment_fee"), ("grade a", "grade b"),
        ("type_i", "type_ii"), ("C", "C++", "C#"), ("cat", "car"), ("left", "lift"), ("male", "female"),
        ("increase", "decrease"), ("lending", "sending"), ("positive", "negative"),
        ("上海市浦东区", "上海市浦西区"),
        ("hypertension", "hypotension"), ("import", "export"), ("sample12345", "sample12346"), ("A", "B"),
        ("product ABCDE1", "product ABCDF1"), ("", " x"),
    ],
)  # fmt: skip
def test_two_classes(names: tuple[str, ...]) -> None:
    assert found(*names) == []


def test_a_typo_is_rarer_and_a_way_of_writing_need_not_be() -> None:
    assert found("contact", "contract", rare=90) == []
    assert found("contact", "contract", rare=50) == [("contact", "contract")]
    assert found("Contact", "contact", rare=90) == [("Contact", "contact")]


def test_all_ways_of_writing_are_one_finding_with_its_rows() -> None:
    counts = {"Billing": 400, "billing": 3, " BILLING": 1, "Biling": 2, "Returns": 50}
    same, typo = similar_names(counts)
    assert str(same) == "'Billing' (400) / 'billing' (3) / ' BILLING' (1): the way of writing"
    assert str(typo) == "'Billing' (400) / 'Biling' (2): one letter"


def test_many_names_that_are_alike_in_nothing() -> None:
    digits = {f"item {number}": 1 + number % 7 for number in range(4000)}
    letters = {
        "".join(chr(97 + number // 26**place % 26) * 3 for place in range(3)): 1 for number in range(4000)
    }
    assert similar_names(digits) == similar_names(letters) == []


@given(st.dictionaries(st.text(max_size=12), st.integers(1, 1000), max_size=12))
def test_whatever_the_names_they_are_names_of_the_data(counts: dict[str, int]) -> None:
    for each in similar_names(counts):
        assert len(set(each.names)) == len(each.names) > 1
        assert each.rows == tuple(counts[name] for name in each.names)
        assert list(each.rows) == sorted(each.rows, reverse=True)


@given(st.text(alphabet="abcdefgh", min_size=6, max_size=12), st.data())
def test_any_one_slip_after_the_first_letter_is_found(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(word) - 1))
    slips = [word[:at] + word[at + 1 :], f"{word[:at]}x{word[at:]}", f"{word[:at]}x{word[at + 1 :]}"]
    slip = data.draw(st.sampled_from(slips))
    assert found(f"the {word}", f"the {slip}") == [(f"the {word}", f"the {slip}")]
