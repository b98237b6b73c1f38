"""Texts that hold an e-mail address."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.content.personal import scores
from labelworks.tasks.methods.content.rows import ContentRows
from labelworks.tasks.methods.registry import register

ADDRESS = re.compile(r"(?<![\w.+-])[\w.%+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])")


@register("content", "e-mail-address", source="own: pattern of RFC 5321", modality=("text",))
class EMailAddress:
    """Texts with a local part, an @ and a domain of two levels or more."""

    def fit(self, sample: ContentRows, /) -> None:
        """Nothing is relative to the dataset."""

    def judge(self, rows: ContentRows, /) -> NDArray[np.float64]:
        """Score texts (N,): 0 where there is one."""
        return scores(rows.texts, "@", lambda text: ADDRESS.search(text) is not None)
