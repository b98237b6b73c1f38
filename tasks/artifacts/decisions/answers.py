"""What a person wrote as an answer, read: a class, a word about the label, several classes, a number."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

from labelworks.schemas.errors import InputError

LONGEST = 80  # characters of a wrong answer that are said again
WORDS = ("keep", "unsure", "none")  # also in round brackets, where a class is called so


def read_answer(text: str, classes: Collection[str], label_type: str) -> dict[str, Any]:
    """The answer of a text as fields of a decision: `answer`, and the classes or the number that it names.

    label_type: int or string, list (several classes, with a semicolon between), tags (one a token, likewise),
    number. Raises InputError where the text is no answer.
    """
    said = text.strip()
    bare = said[1:-1].strip().lower() if said.startswith("(") and said.endswith(")") else ""
    if bare in WORDS:
        return {"answer": bare}
    if said.lower() in WORDS and said not in classes:
        return {"answer": said.lower()}
    if label_type == "number":
        return {"answer": "number", "number": _number(said)}
    if said in classes and label_type not in ("list", "tags"):
        return {"answer": "class", "classes": (said,)}
    named = [part.strip() for part in said.split(";") if part.strip()]
    names = tuple(named if label_type == "tags" else dict.fromkeys(named))
    unknown = next((name for name in names if name not in classes), None)
    if unknown is not None or not names:
        raise InputError(
            f"{(unknown or said)[:LONGEST]!r} is no class",
            fix="answer with a class, or with (keep), (unsure), (none): none of the classes",
        )
    return {"answer": "classes", "classes": names}


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(
            f"{text[:LONGEST]!r} is no number", fix="answer with a number, or with (keep), (unsure), (none)"
        )
    return number
