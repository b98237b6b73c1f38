"""Rules, and what they say of the rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.rules.matches import check_pattern
from labelworks.tasks.methods.rules.where import failed, read_condition
from labelworks.tasks.methods.weak_supervision.patterns import ABSTAIN

Class = str | int


@dataclass(frozen=True)
class Rule:
    """A labelling function: a registered method of kind `rules`, its options, and the columns that it reads.

    label: the class that it speaks for where it fires; None: the method names a class itself.
    """

    name: str
    method: str
    label: Class | None = None
    columns: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def matching(
        cls, name: str, label: Class | None, column: str, pattern: str, *, ignore_case: bool = True
    ) -> Rule:
        """By a regular expression on a column of texts; ConfigError where it is none."""
        check_pattern(pattern)
        options = {"column": column, "pattern": pattern, "ignore_case": ignore_case}
        return cls(name, "matches", label, (column,), options)

    @classmethod
    def on_condition(cls, name: str, label: Class | None, condition: str) -> Rule:
        """By a condition of SQL; ConfigError where it is none."""
        return cls(name, "where", label, read_condition(condition), {"condition": condition})


@dataclass(frozen=True, eq=False)
class RuleVotes:
    """What R rules say of n rows: codes (n, R) of classes; failed (R,): rows that one could not look at."""

    codes: NDArray[np.int32]
    failed: NDArray[np.int64]


def evaluate(
    table: pa.Table,
    rules: Sequence[Rule],
    classes: Sequence[Class],
    unreadable: Mapping[str, pa.Array] | None = None,
) -> RuleVotes:
    """Look at the rows of a table by each rule.

    classes: in the order of the codes. unreadable: by column, the rows (n,) whose value is null since it
    can't be read: there a rule abstains, and it is counted, as where its condition fails on the row. Raises
    ConfigError where a rule doesn't go with the columns, InputError where a function of a plug-in fails.
    """
    codes = np.full((table.num_rows, len(rules)), ABSTAIN, np.int32)
    counted = np.zeros(len(rules), np.int64)
    for place, rule in enumerate(rules):
        given = table.select(list(dict.fromkeys(_held(table, rule))))
        votes, bad = _told(rule, given)
        for column in rule.columns:
            if unreadable and column in unreadable:
                bad |= np.asarray(unreadable[column].to_numpy(zero_copy_only=False), bool)
        own, unknown = _codes(rule, votes, classes)
        codes[:, place] = np.where(bad | unknown, ABSTAIN, own)
        counted[place] = int((bad | unknown).sum())
    return RuleVotes(codes, counted)


def _held(table: pa.Table, rule: Rule) -> list[str]:
    """The columns of a rule as the table spells them; SQL doesn't mind the case."""
    names = []
    for column in rule.columns:
        near = [name for name in table.column_names if name.casefold() == column.casefold()]
        if column not in table.column_names and (rule.method != "where" or not near):
            raise ConfigError(
                f"rule {rule.name!r}: there is no column {column!r}",
                fix=f"columns: {', '.join(table.column_names)}",
            )
        names.append(column if column in table.column_names else near[0])
    return names


def _told(rule: Rule, table: pa.Table) -> tuple[pa.Array, NDArray[np.bool_]]:
    """What a rule gives for each row (n,), and where it failed (n,)."""
    none = np.zeros(table.num_rows, bool)
    try:
        method = registry.get("rules", rule.method)
        answers = method.target(table, **rule.options)
    except ConfigError as error:
        raise ConfigError(f"rule {rule.name!r}: {error.what}", where=error.where, fix=error.fix) from error
    except Exception as error:  # a value that its condition can't take, or whatever a plug-in does
        if rule.method != "where":
            raise InputError(
                f"rule {rule.name!r}: {type(error).__name__}: {error}",
                fix=f"mend the function {rule.method!r}: where it can't tell it gives null",
            ) from error
        answers, bad = failed(table, str(rule.options["condition"]))
        return answers, np.asarray(bad.to_numpy(zero_copy_only=False), bool)
    return answers.combine_chunks() if isinstance(answers, pa.ChunkedArray) else answers, none


def _codes(rule: Rule, told: Any, classes: Sequence[Class]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Codes of the classes (n,), and which rows got one that there isn't."""
    if not isinstance(told, pa.Array):
        raise InputError(
            f"rule {rule.name!r} gives {type(told).__name__}",
            fix="return an Arrow array, null where it abstains",
        )
    if pa.types.is_boolean(told.type):
        fires = np.asarray(pc.fill_null(told, False).to_numpy(zero_copy_only=False), bool)
        if rule.label is None:
            raise InputError(f"rule {rule.name!r} fires for no class", fix="give it a label")
        code = list(map(str, classes)).index(str(rule.label))
        return np.where(fires, code, ABSTAIN).astype(np.int32), np.zeros(len(told), bool)
    place = pc.index_in(told.cast(pa.string()), value_set=pa.array([str(name) for name in classes]))
    unknown = pc.and_(pc.is_valid(told), pc.is_null(place)).to_numpy(zero_copy_only=False)
    return pc.fill_null(place, ABSTAIN).to_numpy(), np.asarray(unknown, bool)
