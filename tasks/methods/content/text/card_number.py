"""Texts that hold the number of a payment card."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.content.personal import scores
from labelworks.tasks.methods.content.rows import ContentRows
from labelworks.tasks.methods.registry import register

DIGITS = re.compile(r"(?<![\d.,-])(?:\d[ -]?){12,18}\d(?![\d.,]?\d)", re.ASCII)
ISSUED = re.compile(r"3[47]\d{13}|3[068]\d{12}|(?:4\d|5[1-5]|2[2-7]|6\d|35)\d{14}(?:\d{3})?|4\d{12}")
HELD = r"\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d"


@register("content", "card-number", source="Luhn 1960; ISO/IEC 7812 prefixes", modality=("text",))
class CardNumber:
    """Texts with 13 to 19 digits that begin as cards do and whose check digit (Luhn) is right."""

    def fit(self, sample: ContentRows, /) -> None:
        """Nothing is relative to the dataset."""

    def judge(self, rows: ContentRows, /) -> NDArray[np.float64]:
        """Score texts (N,): 0 where there is one."""
        return scores(rows.texts, HELD, _held)


def _held(text: str) -> bool:
    numbers = (re.sub(r"\D", "", digits) for digits in DIGITS.findall(text))
    return any(ISSUED.fullmatch(number) and _checks(number) for number in numbers)


def _checks(number: str) -> bool:
    """Whether the digits, every second one from the right doubled and its digits summed, add up to tens."""
    turned = [int(digit) for digit in reversed(number)]
    doubled = (sum(divmod(2 * digit, 10)) for digit in turned[1::2])
    return len(set(turned)) > 1 and (sum(turned[::2]) + sum(doubled)) % 10 == 0
