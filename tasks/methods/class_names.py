"""Class names that are likely one class: the same but for case, spaces, "&", width of letters, or a typo."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

LONG = 5  # letters that a word has, at least, in which one letter more, less or other is a typo
RARER = 0.5  # times as many rows, at most, has the name with the typo
SEPARATORS = re.compile(r"[\s_]+|(?<=\w)[-‐-―/](?=\w)")
BETWEEN_DIGITS = re.compile(r"(?<=\d) (?=\d)")


@dataclass(frozen=True)
class SimilarNames:
    """Names that are likely of one class, the commonest first, with their rows, and in what they differ."""

    names: tuple[str, ...]
    rows: tuple[int, ...]
    differ_in: str

    def __str__(self) -> str:
        named = [f"{name!r} ({rows:,})" for name, rows in zip(self.names, self.rows, strict=True)]
        return f"{' / '.join(named)}: {self.differ_in}"


def similar_names(counts: Mapping[str, int]) -> list[SimilarNames]:
    """Names, with their rows, that are likely of one class; those of most rows first.

    Two names whose letters are the same but for case, spaces, hyphens, "&" for "and", width or composition
    are alike; so are two of which one word of five letters or more differs in one letter after the first, or
    in two that are exchanged, where one has at most half of the other's rows. Words with digits, and of
    scripts without case, are never taken for typos: 1 and 2, or 东 and 西, are not slips of a pen.
    """
    by_key: dict[str, list[str]] = defaultdict(list)
    for name in counts:
        by_key[_without_spaces(_plain(name))].append(name)
    same = [_found(names, counts, "the way of writing") for names in by_key.values() if len(names) > 1]
    rows = {key: sum(counts[name] for name in names) for key, names in by_key.items()}
    words = {tuple(_plain(names[0]).split()): key for key, names in by_key.items()}
    typos = []
    for one, other in _slips(list(words)):
        common, rare = sorted((words[one], words[other]), key=lambda key: -rows[key])
        if rows[rare] <= RARER * rows[common]:
            first = (max(by_key[key], key=lambda name: counts[name]) for key in (common, rare))
            typos.append(_found(list(first), counts, "one letter"))
    return sorted([*same, *typos], key=lambda each: (-sum(each.rows), each.names))


def _found(names: list[str], counts: Mapping[str, int], what: str) -> SimilarNames:
    ordered = sorted(names, key=lambda name: (-counts[name], name))
    return SimilarNames(tuple(ordered), tuple(counts[name] for name in ordered), what)


def _plain(name: str) -> str:
    """The words of a name: composed letters of usual width, without case, "and" for "&"."""
    letters = unicodedata.normalize("NFKC", html.unescape(name)).casefold()
    visible = "".join(char for char in letters if unicodedata.category(char) != "Cf")
    return " ".join(SEPARATORS.sub(" ", visible.replace("&", " and ")).split())


def _without_spaces(words: str) -> str:
    """Without spaces, but between two numbers."""
    return BETWEEN_DIGITS.sub("\0", words).replace(" ", "").replace("\0", " ")


def _slips(names: Sequence[tuple[str, ...]]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Pairs of names, as words, that differ in one word by a slip.

    Two words one slip apart are the same with a letter left out of one or both (Mor & Fraenkel 1982), so
    only those that share such a rest are compared.
    """
    sharing: dict[tuple[int, tuple[str, ...]], set[tuple[str, ...]]] = defaultdict(set)
    for name in names:
        for place, word in enumerate(name):
            if _of_letters(word):
                for rest in {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}:
                    sharing[place, (*name[:place], rest, *name[place + 1 :])].add(name)
    seen = {
        pair
        for (place, _), group in sharing.items()
        for pair in combinations(sorted(group), 2)
        if _slip(pair[0][place], pair[1][place])
    }
    return iter(sorted(seen))


def _of_letters(word: str) -> bool:
    """Whether it is long enough, and all of letters that have a case."""
    return len(word) >= LONG and all(char.isalpha() and char.upper() != char for char in word)


def _slip(one: str, other: str) -> bool:
    """Whether two words differ in one letter after the first, or in two neighbours that are exchanged."""
    short, long = sorted((one, other), key=len)
    start = next((at for at, char in enumerate(short) if char != long[at]), len(short))
    if start == 0:
        return False
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    exchanged = short[start : start + 2][::-1] == long[start : start + 2]
    return short[start + 1 :] == long[start + 1 :] or (exchanged and short[start + 2 :] == long[start + 2 :])
