"""What a judge is asked, and what is read of its reply."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from labelworks.tasks.methods.encoders.values import UnusableError
from labelworks.tasks.methods.judges.question import (
    LISTED,
    LONGEST_SIDE,
    LONGEST_TEXT,
    NONE,
    ask_about,
    candidates,
    data_url,
    listing_order,
    named_by,
    read_answer,
)

CLASSES = ("cat", "dog", "Big cat")


def encoded(kind: str, size: tuple[int, int] = (8, 6)) -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", size, (200, 30, 40)).save(sink, kind)
    return sink.getvalue()


def test_a_question_lists_the_classes_and_shows_the_row_and_not_the_given_label() -> None:
    question = ask_about("it purrs", CLASSES, "Pets of a shelter.", [2, 0, 1])
    system, user = question.messages
    assert user["content"] == "it purrs"
    assert "Pets of a shelter." in system["content"]
    assert [line[2:] for line in system["content"].split("\n") if line.startswith("- ")] == [
        "Big cat",
        "cat",
        "dog",
    ]
    assert question.answers == ("Big cat", "cat", "dog", NONE)
    assert question.schema["json_schema"]["schema"]["properties"]["answer"]["enum"] == list(question.answers)
    assert question.images == 0
    assert question.text_bytes > len(system["content"].encode())


def test_long_texts_are_cut() -> None:
    assert len(ask_about("x" * 99_999, CLASSES).messages[1]["content"]) == LONGEST_TEXT


@pytest.mark.parametrize(
    ("reply", "read"),
    [
        ('{"answer": "dog"}', "dog"),
        ('```json\n{"answer": "dog"}\n```', "dog"),
        ('Sure: {"answer": "DOG"} is right.', "dog"),
        ("cat", "cat"),
        (" 'Big Cat'. ", "Big cat"),
        ('{"answer": "none of these"}', NONE),
        ('{"answer": "horse"}', None),
        ('{"answer": "cat"} or {"answer": "dog"}', None),
        ('{"answer": "cat", "answer2": 1}', "cat"),
        ('{"label": "cat"}', None),
        ('{"answer": ["cat"]}', None),
        ('{"answer": null}', None),
        ("it is a cat or a dog", None),
        ("", None),
        (None, None),
        ("{" * 5000, None),
    ],
)
def test_an_answer_is_read_or_it_is_none(reply: str | None, read: str | None) -> None:
    assert read_answer(reply, (*CLASSES, NONE)) == read


@given(st.text(max_size=200))
def test_whatever_is_replied_only_an_answer_is_read(reply: str) -> None:
    assert read_answer(reply, (*CLASSES, NONE)) in (*CLASSES, NONE, None)


def test_names_that_differ_by_case_alone_are_told_apart() -> None:
    assert read_answer('{"answer": "Cards"}', ("cards", "Cards")) == "Cards"
    assert read_answer("CARDS", ("cards", "Cards")) is None


def test_of_many_classes_the_likeliest_and_the_given_are_listed() -> None:
    posterior = np.linspace(1, 2, 80)
    listed = candidates(posterior, 3)
    assert len(listed) == LISTED
    assert set(listed) == {3, *range(31, 80)}
    assert (np.diff(listed) > 0).all()
    np.testing.assert_array_equal(candidates(posterior[:LISTED], 3), np.arange(LISTED))


def test_later_votes_list_the_classes_in_another_order() -> None:
    orders = [listing_order(9, vote, 0) for vote in range(4)]
    assert orders[0] == list(range(9))
    assert len({tuple(order) for order in orders}) == 4
    assert all(sorted(order) == list(range(9)) for order in orders)
    assert orders[2] == listing_order(9, 2, 0)


@pytest.mark.parametrize(
    ("kind", "size", "sent"),
    [
        ("PNG", (8, 6), "png"),
        ("JPEG", (8, 6), "jpeg"),
        ("BMP", (8, 6), "png"),
        ("JPEG", (2 * LONGEST_SIDE, 9), "png"),
    ],
)
def test_images_go_as_they_are_or_as_small_png(kind: str, size: tuple[int, int], sent: str) -> None:
    data = encoded(kind, size)
    head, _, body = data_url(data).partition(",")
    assert head == f"data:image/{sent};base64"
    with Image.open(io.BytesIO(base64.b64decode(body))) as image:
        assert max(image.size) <= LONGEST_SIDE
    assert (base64.b64decode(body) == data) == (kind != "BMP" and max(size) <= LONGEST_SIDE)
    question = ask_about(data, CLASSES)
    assert question.images == 1
    assert question.text_bytes < 2_000


def test_an_image_that_can_t_be_decoded_is_no_question() -> None:
    with pytest.raises(UnusableError, match="undecodable"):
        ask_about(b"no image", CLASSES)


def test_the_same_question_has_the_same_name() -> None:
    asked = ask_about("it purrs", CLASSES).messages
    assert named_by("model", asked, 1) == named_by("model", ask_about("it purrs", CLASSES).messages, 1)
    others = [named_by("model", asked, 2), named_by("other", asked, 1)]
    others += [named_by("model", ask_about("it barks", CLASSES).messages, 1)]
    others += [named_by("model", ask_about("it purrs", CLASSES, "Think.").messages, 1)]
    assert len({named_by("model", asked, 1), *others}) == 5
