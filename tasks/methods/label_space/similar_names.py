"""Class names that are likely one class: the same but for case, spaces, "&", a plural, or a typo."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from labelworks.tasks.methods.label_space.findings import ClassFinding, Kind

LONG = 5  # letters that a word has, at least, in which one letter more, less or other is a typo
RARER = 0.5  # times as many rows, at most, has the name with the slip
WRITING, SLIP, PLURAL, ORDER = "the way of writing", "one letter", "singular or plural", "the order of words"
PLURALS = re.compile(
    r"(?<=[^\W\d_]{3})ies$|(?<=[^\W\d_]{2}(?:ch|sh))es$|(?<=[^\W\d_]{3}[sxz])es$|(?<=[^\W\d_]{3}[^\Ws\d_])s$"
)
Words = tuple[str, ...]
SEPARATORS = re.compile(r"[\s_]+|(?<=\w)[-‐-―/](?=\w)")
BETWEEN_DIGITS = re.compile(r"(?<=\d) (?=\d)")


def similar_names(counts: Mapping[str, int]) -> list[ClassFinding]:
    """Names, with their rows, that are likely of one class, the commonest first; those of most rows first.

    Two names whose letters are the same but for case, spaces, hyphens, "&" for "and", width or composition
    are alike; so are two of which one word of five letters or more differs in one letter after the first, or
    in two that are exchanged, or whose words are singular and plural, where one has at most half of the
    other's rows. Words with digits, and of scripts without case, are never taken for
    typos: 1 and 2, or 东 and 西, are not slips of a pen.
    """
    return [alike for alike in alike_names(counts) if alike.likely]


def alike_names(counts: Mapping[str, int]) -> list[ClassFinding]:
    """The same, and those that may be two classes: too common for a slip, or of the same words reordered."""
    by_key: dict[str, list[str]] = defaultdict(list)
    for name in counts:
        by_key[_without_spaces(plain_name(name))].append(name)
    same = [_found(names, counts, WRITING) for names in by_key.values() if len(names) > 1]
    rows = {key: sum(counts[name] for name in names) for key, names in by_key.items()}
    words = {tuple(plain_name(names[0]).split()): key for key, names in by_key.items()}
    others: dict[tuple[str, str], ClassFinding] = {}
    for one, other, what in _pairs(list(words)):
        common, rare = sorted((words[one], words[other]), key=lambda key: (-rows[key], key))
        first = [max(by_key[key], key=lambda name: counts[name]) for key in (common, rare)]
        likely = what != ORDER and rows[rare] <= RARER * rows[common]
        others.setdefault((common, rare), _found(first, counts, what, likely=likely))
    return sorted([*same, *others.values()], key=lambda each: (-sum(each.rows), each.names))


def _found(names: list[str], counts: Mapping[str, int], what: str, *, likely: bool = True) -> ClassFinding:
    kind: Kind = "same name" if likely else "near name"
    ordered = sorted(names, key=lambda name: (-counts[name], name))
    rows = tuple(counts[name] for name in ordered)
    return ClassFinding(kind, tuple(ordered), rows, what, one=True, likely=likely)


def _pairs(names: Sequence[Words]) -> Iterator[tuple[Words, Words, str]]:
    """Pairs of names, as words, that differ by a slip, a plural, or the order of their words."""
    yield from ((one, other, SLIP) for one, other in _slips(names))
    for key, what in ((_singular, PLURAL), (_sorted, ORDER)):
        groups: dict[Words, list[Words]] = defaultdict(list)
        for name in names:
            groups[key(name)].append(name)
        for group in groups.values():
            yield from ((one, other, what) for one, other in combinations(sorted(group), 2))


def _singular(name: Words) -> Words:
    """The words without the endings of a plural, as English has them."""
    return tuple(PLURALS.sub(_ending, word) for word in name)


def _ending(found: re.Match[str]) -> str:
    return "y" if found.group() == "ies" else ""


def _sorted(name: Words) -> Words:
    """The words in alphabetical order; with numbers among them their order says something."""
    return name if any(char.isdigit() for word in name for char in word) else tuple(sorted(name))


def plain_name(name: str) -> str:
    """The words of a name: composed letters of usual width, without case, "and" for "&"."""
    letters = unicodedata.normalize("NFKC", html.unescape(name)).casefold()
    visible = "".join(char for char in letters if unicodedata.category(char) != "Cf")
    return " ".join(SEPARATORS.sub(" ", visible.replace("&", " and ")).split())


def _without_spaces(words: str) -> str:
    """Without spaces, but between two numbers."""
    return BETWEEN_DIGITS.sub("\0", words).replace(" ", "").replace("\0", " ")


def _slips(names: Sequence[Words]) -> Iterator[tuple[Words, Words]]:
    """Pairs of names, as words, that differ in one word by a slip.

    Two words one slip apart are the same with a letter left out of one or both (Mor & Fraenkel 1982), so
    only those that share such a rest are compared.
    """
    sharing: dict[tuple[int, Words], set[Words]] = defaultdict(set)
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
