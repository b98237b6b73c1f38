"""A whole run in one sentence, and in a few words."""

from __future__ import annotations

from collections.abc import Mapping

from labelworks.schemas.findings import ValidationFindings
from labelworks.schemas.records import Approval, GateResult, RunRecord
from labelworks.tasks.report.texts.tag_text import judged
from labelworks.tasks.report.texts.wording import count, made_of, plural, points, probe, span

ACCURACY = "accuracy"


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
        _validated(record.validation, made_of(record), inferred=record.inferred is not None),
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
        ""
        if proof is None or proof.difference is None
        else f"{proof.measure} {points(proof.difference)} points"
    )
    if proof and proof.why_given:
        accuracy = "labels as given: nothing better is proven"
    verb = "corrected" if record.status == "published" else "to correct"
    changed = f"{count(record.treatment.relabel)} {verb}" if record.treatment else ""
    return ", ".join(filter(None, (changed, accuracy)))


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
    looked = f"{count(record.noise.flagged)} of {plural(record.rows, judged(record.noise))} looked wrong"
    if record.treatment is None:
        return looked
    by_words = {
        "inferred": record.treatment.infer,
        "corrected": record.treatment.relabel,
        "left for a person to review": record.treatment.review,
    }
    done = [f"{count(rows)} {words}" for words, rows in by_words.items() if rows]
    note = f" ({record.treatment.objective_note})" if record.treatment.objective_note else ""
    return f"{looked}, {' and '.join(done)}{note}" if done else f"{looked}{note}"


def _validated(proof: ValidationFindings | None, source: str, *, inferred: bool) -> str:
    if proof is None or proof.difference is None:
        return ""
    if proof.why_given and inferred:
        return f"it carries classes drawn of what was observed alone: {proof.why_given}"
    if proof.why_given:
        labels = f"the labels made of {source}" if source else "the given labels"
        return f"it carries {labels}, with flags and weights of 1: {proof.why_given}"
    change = 100 * proof.difference
    trained = f"{probe(proof)} trained on the treated labels does"
    limit = ", as far as these can tell" if proof.at_limit else ""
    than = f"on the raw ones on held-out rows{limit}{_told(proof)}"
    if abs(change) < 0.05:
        return f"{trained} as well as {than}"
    better = "better" if change > 0 else "worse"
    of = "" if proof.measure == ACCURACY else f" in {proof.measure}"
    return f"{trained} {abs(change):.1f} points {better}{of} than {than}"


def _told(proof: ValidationFindings) -> str:
    """The interval of the difference; what is proven where that holds 0."""
    between = span(proof.interval, points)
    text = f" (95 % interval {between})" if between else ""
    low, gained = proof.interval[0], proof.gain_interval and proof.gain_interval[0]
    if low is None or low > 0 or gained is None or gained <= 0:
        return text
    return f"{text}; what is proven is that it foretells held-out labels better (log score)"
