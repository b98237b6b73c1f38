"""Numbers and verdicts in words: the same in the HTML page, in Markdown and in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labelworks.schemas.findings import ValidationFindings
from labelworks.schemas.percentages import MISSING, percent
from labelworks.schemas.records import Check, RunRecord
from labelworks.tasks.artifacts.shown.rows_by_id import in_digits
from labelworks.tasks.gates.trend import NOT_KNOWN
from labelworks.tasks.gates.wording import NOT_MEASURED
from labelworks.tasks.methods.validation.arms import WORDS as ARMS

SUREST = 0.99  # beyond it no probability of a row is told from another: too few rows bear it out


def chance(value: Any) -> str:
    """A probability as a percentage: nothing that is estimated is certain."""
    if value is None:
        return MISSING
    if float(value) > SUREST:
        return f"over {percent(SUREST, 0)}"
    return f"under {percent(1 - SUREST, 0)}" if float(value) < 1 - SUREST else percent(value)


def points(value: Any) -> str:
    """A difference of shares in percentage points, with its sign."""
    return MISSING if value is None else f"{round(100 * float(value), 1) + 0.0:+.1f}".replace("-", "−")


def count(value: Any) -> str:
    """A whole number with separators."""
    return MISSING if value is None else f"{int(value):,}"


def decimal(value: Any, digits: int = 2) -> str:
    """A number with a fixed number of digits."""
    return MISSING if value is None else f"{round(float(value), digits) + 0.0:.{digits}f}".replace("-", "−")


def seconds(value: Any) -> str:
    """A duration."""
    if value is None:
        return MISSING
    if value < 59.95:
        return f"{float(value):.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def span(interval: Sequence[float | None] | None, write: Any = percent) -> str:
    """Both ends of an interval; empty where there is none."""
    if not interval or any(end is None for end in interval):
        return ""
    return f"{write(interval[0])} to {write(interval[1])}"


def plural(number: int, word: str) -> str:
    """`1 row`, `2 rows`, `2 classes`, `2 entries`."""
    if number != 1:
        word = f"{word[:-1]}ies" if word.endswith("ry") else f"{word}{'es' if word.endswith('s') else 's'}"
    return f"{number:,} {word}"


def moment(value: str) -> str:
    """A time in ISO 8601, to the minute."""
    return value.replace("T", " ")[:16]


def written(label: Any) -> str:
    """A label that is no single class: its classes, or the number, whole ones without a point."""
    if isinstance(label, str):
        return label
    return ", ".join(map(str, label)) or "(none)" if isinstance(label, list) else in_digits(label)


def shorten(value: Any, limit: int) -> str:
    """Cut a text to a length."""
    text = str(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def state(check: Check) -> str:
    """How a check came out: pass, warn or fail; skip: there was nothing to measure."""
    if check.ok and check.observed in (NOT_MEASURED, NOT_KNOWN):
        return "skip"
    return "pass" if check.ok else "fail" if check.severity == "error" else "warn"


def observed(check: Check) -> str:
    """What a check found, with a few offending values."""
    return f"{check.observed}, e.g. {', '.join(check.unexpected)}" if check.unexpected else check.observed


def carried(proof: ValidationFindings) -> str:
    """What a version carries: the given labels, or which treatment of them."""
    return ARMS.get(proof.published, proof.published)


def made_of(record: RunRecord) -> str:
    """What labels are made of that nobody gave; empty where they were given."""
    return "rules" if record.rules else "votes" if record.crowd else ""


def beside(value: str, remark: str) -> str:
    """A value with its remark in brackets."""
    return f"{value} ({remark})" if remark else value


def probe(proof: ValidationFindings) -> str:
    """Whose accuracy it is: the model that was trained twice."""
    known = {"multinomial": "one linear probe", "ridge": "a ridge regression"}
    return known.get(proof.model, f"the model {proof.model}")
