"""The words of a text; of scripts without spaces, and of emoji, the characters and their pairs."""

from __future__ import annotations

import re
from itertools import pairwise

# Thai to Myanmar, Khmer, kana, Han with its extensions
SPACELESS = "\u0e00-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
SPACELESS += "\uff66-\uff9f\U00020000-\U0003ffff"
SYMBOLS = "\u2190-\u2bff\U0001f000-\U0001faff"  # arrows to dingbats, emoji
# vowel signs and accents that stand behind a letter, which \w doesn't take for a part of it
MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u06d6-\u06ed\u0900-\u0dff\u20d0-\u20ff"
ASCII = re.compile(r"\w+", re.ASCII)
RUN = re.compile(rf"([{SPACELESS}{SYMBOLS}]+)|((?:(?![{SPACELESS}])[\w{MARKS}])+)")


def words(text: str) -> list[str]:
    """The words of a text in lower case, those of one letter too; of text without spaces, and of one without
    any word, its characters and the pairs of neighbours, which say nearly what words do (Manning 2008)."""
    lower = text.lower()
    spoken: list[str] = []
    if lower.isascii():
        spoken = ASCII.findall(lower)
    else:
        for spaceless, word in RUN.findall(lower):
            spoken += _characters(spaceless) if spaceless else [word]
    return spoken or _characters("".join(lower.split()))


def word_ngrams(text: str, longest: int) -> list[str]:
    """The words of a text, then as many of them in a row as `longest` says, 2 up."""
    single = words(text)
    return single + [
        " ".join(single[start : start + length])
        for length in range(2, longest + 1)
        for start in range(len(single) - length + 1)
    ]


def _characters(run: str) -> list[str]:
    return [*run, *(first + second for first, second in pairwise(run))]
