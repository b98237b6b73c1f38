"""Numbers and verdicts in words: the same in the HTML page, in Markdown and in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labelworks.schemas.findings import (
    AuditFindings,
    DecisionsFindings,
    JudgesFindings,
    RenamedClass,
    ValidationFindings,
)
from labelworks.schemas.records import Approval, Check, GateResult, RunRecord
from labelworks.tasks.methods.validation.arms import SHORT
from labelworks.tasks.methods.validation.arms import WORDS as ARMS

MISSING = "–"
BY_PEOPLE = {"strata": "labels wrong, by people", "changes": "changes right, by people"}


def percent(value: Any, digits: int = 1) -> str:
    """A share as a percentage; a dash where there is none."""
    return MISSING if value is None else f"{round(100 * float(value), digits) + 0.0:.{digits}f} %"


def chance(value: Any) -> str:
    """A probability as a percentage: nothing that is estimated is certain."""
    if value is None:
        return MISSING
    if float(value) > 0.999:
        return "over 99.9 %"
    return "under 0.1 %" if float(value) < 0.001 else percent(value)


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
    clauses = [
        f"{number}{record.dataset} is published",
        _treated(record),
        _validated(record.validation, inferred=record.inferred is not None),
    ]
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
    proof = record.validation
    accuracy = (
        "" if proof is None or proof.difference is None else f"accuracy {points(proof.difference)} points"
    )
    if proof and proof.why_given:
        accuracy = "labels as given: nothing better is proven"
    verb = "corrected" if record.status == "published" else "to correct"
    changed = f"{count(record.treatment.relabel)} {verb}" if record.treatment else ""
    return ", ".join(filter(None, (changed, accuracy)))


def key_figures(record: RunRecord) -> list[tuple[str, str, str]]:
    """The run's few numbers: name, value and a remark; those that weren't reached are left out."""
    figures = [("rows", count(record.rows), ""), *_renamed(record.renamed_classes)]
    if rules := record.rules:
        apart = f"they differ on {percent(rules.conflicts)}"
        figures.append(
            (f"rows that {plural(len(rules.rules), 'rule')} cover", percent(rules.coverage), apart)
        )
    if noise := record.noise:
        figures += [
            ("labels look wrong", count(noise.flagged), _share(noise.flagged_share)),
            ("noise rate", percent(noise.rate), span(noise.rate_interval)),
            ("pairs look mismatched", count(noise.mismatched_pairs), _share(noise.mismatched_share)),
        ]
    if done := record.treatment:
        changed = "corrected" if record.status == "published" else "to correct"
        figures += [(changed, count(done.relabel), ""), ("for review", count(done.review), "")]
        if record.inferred:
            sure = f"{percent(record.inferred.confidence)} right, as claimed"
            figures.append(("inferred", count(done.infer), sure))
        if done.judges:
            figures.append(("judges asked about", plural(done.judges.rows, "row"), money(done.judges)))
    if shift := record.shift:
        figures.append(("class mix moved by", percent(shift.total_variation), "total variation"))
    if model := record.performance:
        ends = span((model.accuracy.low, model.accuracy.high))
        figures.append((f"accuracy of {model.model} on the target", percent(model.accuracy.value), ends))
    for reading in record.ranking:
        best = reading.models[0]
        figures.append((f"best model by {reading.reading} labels", best.model, percent(best.accuracy.value)))
    if proof := record.validation:
        gained = f"accuracy of {probe(proof)}, points gained"
        carries = ("it carries", SHORT.get(proof.published, proof.published), carried(proof))
        figures += [(gained, points(proof.difference), _accuracy(proof)), carries]
    figures += people_figures(record.treatment.decisions if record.treatment else None, record.validation)
    figures.append(("time", seconds(sum(record.timings.values()) if record.timings else None), ""))
    return [figure for figure in figures if figure[1] != MISSING]


def _renamed(classes: Sequence[RenamedClass]) -> list[tuple[str, str, str]]:
    """What dataset.class_mapping did, if there is one."""
    if not classes:
        return []
    old = [each for each in classes if each.become is not None]
    gone = [each for each in classes if each.become is None]
    into = len({each.become for each in old})
    done = [f"{plural(len(old), 'name')} made {plural(into, 'class')}"] if old else []
    done += [f"{plural(len(gone), 'class')} put aside"] if gone else []
    return [("class mapping", ", ".join(done), plural(sum(each.labels for each in classes), "label"))]


def people_figures(
    decisions: DecisionsFindings | None, proof: ValidationFindings | None
) -> list[tuple[str, str, str]]:
    """What a run heard of people: name, value and a remark of each figure."""
    found: list[tuple[str, str, str]] = []
    if decisions is not None:
        found.append(("people decided on", plural(decisions.rows, "row"), not_heard(decisions)))
        found += [audit_figure(audit) for audit in decisions.audits]
    if proof is not None and proof.looks:
        between = f"{span(proof.audited_interval, points)}, {plural(proof.looks, 'look')}"
        found.append(("accuracy by people, points gained", points(proof.audited), between))
    return found


def audit_figure(audit: AuditFindings) -> tuple[str, str, str]:
    """What an audit says, with its interval and looks."""
    name = BY_PEOPLE.get(audit.sample.partition("-")[0], audit.sample)
    return name, percent(audit.value), f"{span(audit.interval)}, {plural(audit.looks, 'look')}"


def not_heard(decisions: DecisionsFindings) -> str:
    """Answers that decided nothing, by why; empty where all did."""
    left = {"stale": decisions.stale, "of rows that are gone": decisions.gone, "unsure": decisions.unsure}
    return ", ".join(f"{count(number)} {why}" for why, number in left.items() if number)


def money(judges: JudgesFindings) -> str:
    """What judges cost, of what they might, and for how many rows that didn't last."""
    spent = f"{judges.cost:.4g} of {judges.budget:g} spent"
    left = f"; it did not last for {plural(judges.not_asked, 'row')}" if judges.not_asked else ""
    return spent + left


def carried(proof: ValidationFindings) -> str:
    """What a version carries: the given labels, or which treatment of them."""
    return ARMS.get(proof.published, proof.published)


def beside(value: str, remark: str) -> str:
    """A value with its remark in brackets."""
    return f"{value} ({remark})" if remark else value


def probe(proof: ValidationFindings) -> str:
    """Whose accuracy it is: the model that was trained twice."""
    return "one linear probe" if proof.model == "multinomial" else f"the model {proof.model}"


def _accuracy(proof: ValidationFindings) -> str:
    """Before and after, with the interval of the difference, and what can't be told."""
    parts = [f"{percent(proof.accuracy_raw)} → {percent(proof.accuracy_treated)}"]
    if between := span(proof.interval, points):
        parts.append(f"gain {between}")
    if proof.at_limit:
        parts.append("as much as the held-out rows can tell")
    return "; ".join(parts)


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
    asked = record.approval or Approval()
    why = "; ".join(asked.why)
    said = {
        "waiting": f"Nothing is published yet: the run waits for approval ({why}).",
        "rejected": f"Nothing was published: a person rejected the run ({why}).",
    }
    if asked.decision == "expired":
        return f"Nothing was published: nobody answered until {asked.deadline} ({why})."
    return said[record.status]


def _treated(record: RunRecord) -> str:
    if record.noise is None:
        return ""
    found = f"{count(record.noise.flagged)} of {plural(record.rows, 'label')} looked wrong"
    if record.treatment is None:
        return found
    by_words = {
        "inferred": record.treatment.infer,
        "corrected": record.treatment.relabel,
        "left for a person to review": record.treatment.review,
    }
    done = [f"{count(rows)} {words}" for words, rows in by_words.items() if rows]
    note = f" ({record.treatment.objective_note})" if record.treatment.objective_note else ""
    return f"{found}, {' and '.join(done)}{note}" if done else f"{found}{note}"


def _validated(proof: ValidationFindings | None, *, inferred: bool) -> str:
    if proof is None or proof.difference is None:
        return ""
    if proof.why_given and inferred:
        return f"it carries classes drawn of what was observed alone: {proof.why_given}"
    if proof.why_given:
        return f"it carries the given labels, with flags and weights of 1: {proof.why_given}"
    change = 100 * proof.difference
    trained = f"{probe(proof)} trained on the treated labels does"
    limit = ", as far as these can tell" if proof.at_limit else ""
    if abs(change) < 0.05:
        return f"{trained} as well as on the raw ones on held-out rows{limit}"
    better = "better" if change > 0 else "worse"
    return f"{trained} {abs(change):.1f} points {better} than on the raw ones on held-out rows{limit}"
