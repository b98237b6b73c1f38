"""Texts that hold a telephone number."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.content.personal import scores
from labelworks.tasks.methods.content.rows import ContentRows
from labelworks.tasks.methods.registry import register

ABROAD = r"(?:\+|\b00)[1-9](?:[ ()./-]{0,2}\d){7,14}"
AREA = r"\(0?\d{2,4}\)[ -]?\d{3,4}(?:[ -]?\d{2,4}){1,2}"
GROUPED = r"\b\d{3}[-.]\d{3}[-.]\d{4}"
TRUNK = r"\b0[1-9]\d{1,3}[ /-]\d{3,4}(?:[ -]?\d{2,4}){1,2}"
NUMBER = re.compile(rf"(?<![\w.,+-])(?<!\d )(?:{ABROAD}|{AREA}|{GROUPED}|{TRUNK})(?![\w-]|[.,]\d)", re.ASCII)


@register("content", "phone-number", source="own: patterns of ITU-T E.123", modality=("text",))
class PhoneNumber:
    """Texts with a number as people write telephone numbers: from abroad, or with an area code set apart.

    Digits without a plus or a sign between them are not told from other numbers.
    """

    def fit(self, sample: ContentRows, /) -> None:
        """Nothing is relative to the dataset."""

    def judge(self, rows: ContentRows, /) -> NDArray[np.float64]:
        """Score texts (N,): 0 where there is one."""
        return scores(rows.texts, r"\d{2}", lambda text: NUMBER.search(text) is not None)
