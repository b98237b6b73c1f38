"""Numbers and verdicts in words: the same in the HTML page, in Markdown and in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labelworks.schemas.records import Check, GateResult, RunRecord

MISSING = "–"


def percent(value: Any, digits: int = 1) -> str:
    """A share as a percentage; a dash where there is none."""
    return MISSING if value is None else f"{round(100 * float(value), digits) + 0.0:.{digits}f} %"


def points(value: Any) -> str:
    """A difference of shares in percentage points, with its sign."""
    return MISSING if value is None else f"{round(100 * float(value), 1) + 0.0:+.1f}".replace("-", "−")


def count(value: Any) -> str:
    """A whole number with separators."""
    return MISSING if value is None else f"{int(value):,}"


def decimal(value: Any, digits: int = 2) -> str:
    """A number with a fixed number of digits."""
    return MISSING if value is None else f"{float(value):.{digits}f}"


def seconds(value: Any) -> str:
    """A duration."""
    if value is None:
        return MISSING
    if value < 59.95:
        return f"{float(value):.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def span(interval: Sequence[float] | None, write: Any = percent) -> str:
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
    return ", ".join(map(str, label)) or "(none)" if isinstance(label, list) else f"{label:.6g}"


def shorten(value: Any, limit: int) -> str:
    """Cut a text to a length."""
    text = str(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def state(check: Check) -> str:
    """How a check came out: pass, warn or fail."""
    return "pass" if check.ok else "fail" if check.severity == "error" else "warn"


def observed(check: Check) -> str:
    """What a check found, with a few offending values."""
    return f"{check.observed}, e.g. {', '.join(check.unexpected)}" if check.unexpected else check.observed


def verdict(record: RunRecord) -> str:
    """The whole run in one sentence."""
    if record.status == "refused":
        return _refusal(record.gates)
    if record.status != "published":
        return _unanswered(record)
    number = "" if record.version is None else f"Version {record.version} of "
    clauses = [f"{number}{record.dataset} is published", _treated(record), _validated(record.validation)]
    return ": ".join([clauses[0], "; ".join(filter(None, clauses[1:]))]).removesuffix(": ") + "."


def outcome(record: RunRecord) -> str:
    """The run in a few words, for a table of runs."""
    failed = [
        check.says or f"{check.name} {check.observed}"
        for gate in record.gates.values()
        for check in gate.failed
    ]
    if failed:
        return f"refused: {failed[0]}"
    difference = record.validation.get("difference")
    accuracy = "" if difference is None else f"accuracy {points(difference)} points"
    changed = record.treatment.get("relabel")
    verb = "corrected" if record.status == "published" else "to correct"
    return ", ".join(filter(None, ("" if changed is None else f"{count(changed)} {verb}", accuracy)))


def key_figures(record: RunRecord) -> list[tuple[str, str, str]]:
    """The run's few numbers: name, value and a remark; those that weren't reached are left out."""
    noise, done, proof = record.noise, record.treatment, record.validation
    mismatched = count(noise.get("mismatched_pairs")), _share(noise.get("mismatched_share"))
    figures = [
        ("rows", count(record.rows), ""),
        ("labels look wrong", count(noise.get("flagged")), _share(noise.get("flagged_share"))),
        ("noise rate", percent(noise.get("rate")), span(noise.get("rate_interval"))),
        ("pairs look mismatched", *mismatched),
        ("corrected" if record.status == "published" else "to correct", count(done.get("relabel")), ""),
        ("for review", count(done.get("review")), ""),
        ("class mix moved by", percent(record.shift.get("total_variation")), "total variation"),
        (f"accuracy of {probe(proof)}, points gained", points(proof.get("difference")), _accuracy(proof)),
        ("time", seconds(sum(record.timings.values()) if record.timings else None), ""),
    ]
    return [figure for figure in figures if figure[1] != MISSING]


def beside(value: str, remark: str) -> str:
    """A value with its remark in brackets."""
    return f"{value} ({remark})" if remark else value


def probe(validation: Mapping[str, Any]) -> str:
    """Whose accuracy it is: the model that was trained twice."""
    model = validation.get("model", "multinomial")
    return "one linear probe" if model == "multinomial" else f"the model {model}"


def _accuracy(validation: Mapping[str, Any]) -> str:
    """Before and after, with the interval of the difference, and what can't be told."""
    parts = [f"{percent(validation.get('accuracy_raw'))} → {percent(validation.get('accuracy_treated'))}"]
    if between := span(validation.get("interval"), points):
        parts.append(f"gain {between}")
    if _at_limit(validation):
        parts.append("as much as the held-out rows can tell")
    return "; ".join(parts)


def _at_limit(validation: Mapping[str, Any]) -> bool:
    return bool(validation.get("at_limit", False))


def _share(value: Any) -> str:
    return "" if value is None else f"{percent(value)} of all"


def _refusal(gates: Mapping[str, GateResult]) -> str:
    for stage, gate in gates.items():
        if gate.failed:
            check, more = gate.failed[0], len(gate.failed) - 1
            others = f", and {plural(more, 'other expectation')} failed" if more else ""
            if check.says:
                asked = f"{check.observed} where {check.expected} is asked for"
                return f"Nothing was published: {check.says} ({asked}{others})."
            return (
                f"Nothing was published: the gate after {stage} asks for {check.expected}, "
                f"but found {check.observed}{others}."
            )
    return "Nothing was published."


def _unanswered(record: RunRecord) -> str:
    why = "; ".join(record.approval.get("why", ()))
    said = {
        "waiting": f"Nothing is published yet: the run waits for approval ({why}).",
        "rejected": f"Nothing was published: a person rejected the run ({why}).",
    }
    if record.approval.get("decision") == "expired":
        return f"Nothing was published: nobody answered until {record.approval['deadline']} ({why})."
    return said[record.status]


def _treated(record: RunRecord) -> str:
    flagged = record.noise.get("flagged")
    if flagged is None:
        return ""
    found = f"{count(flagged)} of {plural(record.rows, 'label')} looked wrong"
    done = [
        f"{count(record.treatment[key])} {words}"
        for key, words in (("relabel", "corrected"), ("review", "left for a person to review"))
        if record.treatment.get(key)
    ]
    return f"{found}, {' and '.join(done)}" if done else found


def _validated(validation: Mapping[str, Any]) -> str:
    difference = validation.get("difference")
    if difference is None:
        return ""
    change = 100 * float(difference)
    trained = f"{probe(validation)} trained on the treated labels does"
    limit = ", as far as these can tell" if _at_limit(validation) else ""
    if abs(change) < 0.05:
        return f"{trained} as well as on the raw ones on held-out rows{limit}"
    better = "better" if change > 0 else "worse"
    return f"{trained} {abs(change):.1f} points {better} than on the raw ones on held-out rows{limit}"
