"""The tags of a dataset: what scheme they follow, and which tag may follow which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import ConfigError

OUTSIDE = "O"
PLAIN = "plain"
IO = "io"
LETTERS = {IO: "I", "bio": "BI", "bilou": "BILU", "bioes": "BIES"}  # begin, inside, last, unit
SCHEMES = (PLAIN, *LETTERS)
OUT, BEGIN, INSIDE, LAST, UNIT = range(5)
ROLES = {"B": BEGIN, "I": INSIDE, "L": LAST, "E": LAST, "U": UNIT, "S": UNIT}

Tag = str | int


@dataclass(frozen=True, eq=False)
class TagSet:
    """The K tags of a dataset and the scheme that they follow.

    role (K,): OUT, BEGIN, INSIDE, LAST or UNIT; kind (K,): number of the type among `types`, -1 of OUT.
    Of the scheme `plain` every tag stands by itself, as parts of speech do, and there are no spans. Of `io`
    any tag may follow any, and neighbours of one type are one span.
    Sources: Ramshaw & Marcus 1995 (BIO); Ratinov & Roth 2009 (BILOU).
    """

    names: tuple[Tag, ...]
    scheme: str
    role: NDArray[np.int8]
    kind: NDArray[np.int32]
    types: tuple[str, ...]

    @classmethod
    def of(cls, names: Sequence[Tag], scheme: str = "auto") -> TagSet:
        """The tags of these names; auto: the least scheme that all of them belong to.

        Raises ConfigError for an unknown scheme, and for a tag that doesn't belong to the given one.
        """
        if scheme not in ("auto", *SCHEMES):
            known = ", ".join(("auto", *SCHEMES))
            raise ConfigError(f"unknown scheme {scheme!r}", where="scheme", fix=f"choices: {known}")
        if scheme == "auto":
            scheme = scheme_of(names)
        parts = [(OUT, "") if scheme == PLAIN else parts_of(name, scheme) for name in names]
        for name, part in zip(names, parts, strict=True):
            if part is None:
                raise ConfigError(
                    f"{name!r} is no tag of {scheme}", where="scheme", fix=_fix(LETTERS[scheme])
                )
        known_parts = [part for part in parts if part is not None]
        types = tuple(dict.fromkeys(kind for role, kind in known_parts if role != OUT))
        kinds = [types.index(kind) if role != OUT else -1 for role, kind in known_parts]
        roles = np.array([role for role, _ in known_parts], np.int8)
        return cls(tuple(names), scheme, roles, np.array(kinds, np.int32), types)

    @classmethod
    def complete(cls, names: Sequence[Tag], scheme: str = "auto") -> TagSet:
        """The same with every tag that the types of these may have, so that each span can be written."""
        own = cls.of(names, scheme)
        if own.scheme == PLAIN:
            return own
        every = [f"{letter}-{kind}" for kind in own.types for letter in LETTERS[own.scheme]]
        return cls.of(tuple(dict.fromkeys((OUTSIDE, *own.names, *every))), own.scheme)

    @cached_property
    def continues(self) -> NDArray[np.bool_]:
        """Tags (K,) that have to go on with the span of the tag before them."""
        return np.isin(self.role, (INSIDE, LAST)) & (self.scheme != IO)

    @cached_property
    def closes(self) -> NDArray[np.bool_]:
        """Tags (K,) after which a sentence may end, and a span needn't go on."""
        must_go_on = (BEGIN, INSIDE) if len(LETTERS.get(self.scheme, "")) == len("BILU") else ()
        return ~np.isin(self.role, must_go_on)

    @cached_property
    def before(self) -> NDArray[np.int64]:
        """By tag (K, 2) those that it may go on with; -1: none."""
        allowed = np.full((len(self.names), 2), -1)
        for code in np.flatnonzero(np.isin(self.role, (INSIDE, LAST))):
            allowed[code] = [self.code(role, self.kind[code]) for role in (BEGIN, INSIDE)]
        return allowed

    def goes_on(self, one: NDArray[np.integer], other: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Whether the tags `other` (n,) go on with the spans of `one` (n,), right before them."""
        return np.asarray((self.before[other] == np.asarray(one)[:, None]).any(axis=1) & (one >= 0), bool)

    def code(self, role: int, kind: int) -> int:
        """The code of the tag of a role and a type; -1: there is none."""
        same = np.flatnonzero((self.role == role) & (self.kind == kind))
        return int(same[0]) if len(same) else -1

    def follows(self, one: NDArray[np.integer], other: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Whether the tags `other` (n,) may stand right after `one` (n,)."""
        return np.asarray(np.where(self.continues[other], self.goes_on(one, other), self.closes[one]), bool)


def scheme_of(names: Sequence[Tag]) -> str:
    """The least scheme that all these tags belong to; plain where there is none."""
    for scheme in LETTERS:
        parts = [parts_of(name, scheme) for name in names]
        if None not in parts and any(part != (OUT, "") for part in parts):
            return scheme
    return PLAIN


def parts_of(name: Tag, scheme: str) -> tuple[int, str] | None:
    """The role and the type of a tag; None: it is none of the scheme, which isn't plain."""
    if name == OUTSIDE:
        return OUT, ""
    letter, dash, kind = str(name).partition("-")
    if not dash or not kind or len(letter) != 1 or letter not in LETTERS[scheme]:
        return None
    return ROLES[letter], kind


def _fix(letters: str) -> str:
    forms = ", ".join(f"{letter}-TYPE" for letter in letters)
    return f"tags are {OUTSIDE} or {forms}; or take the scheme {PLAIN}, where each stands by itself"
