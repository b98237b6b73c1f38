"""A run's few numbers, each with its name and a remark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labelworks.schemas.findings import (
    AuditFindings,
    DecisionsFindings,
    JudgesFindings,
    RenamedClass,
    ValidationFindings,
)
from labelworks.schemas.percentages import MISSING, percent
from labelworks.schemas.records import RunRecord
from labelworks.tasks.methods.validation.arms import GIVEN, SHORT
from labelworks.tasks.report.texts.tag_text import judged
from labelworks.tasks.report.texts.wording import (
    carried,
    count,
    made_of,
    plural,
    points,
    probe,
    seconds,
    span,
)

BY_PEOPLE = {"strata": "labels wrong, by people", "changes": "changes right, by people"}


def key_figures(record: RunRecord) -> list[tuple[str, str, str]]:
    """The run's few numbers: name, value and a remark; those that weren't reached are left out."""
    figures = [
        ("rows", count(record.rows), ""),
        *_aside(record),
        *_renamed(record.renamed_classes),
        *_joined(record),
    ]
    if rules := record.rules:
        apart = f"they differ on {percent(rules.conflicts)}"
        figures.append(
            (f"rows that {plural(len(rules.rules), 'rule')} cover", percent(rules.coverage), apart)
        )
    if noise := record.noise:
        rate = "noise rate of tags" if noise.tags else "noise rate"
        figures += [
            (f"{judged(noise)}s look wrong", count(noise.flagged), _share(noise.flagged_share)),
            (rate, percent(noise.rate), span(noise.rate_interval)),
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
        gained = f"{proof.measure} of {probe(proof)}, points gained"
        name = "labels published" if record.status == "published" else "labels to publish"
        short, source = SHORT.get(proof.published, proof.published), made_of(record)
        if proof.published == GIVEN:
            carries = (name, f"as made of {source}" if source else short, "")
        else:
            carries = (name, short, carried(proof))
        figures += [(gained, points(proof.difference), _accuracy(proof)), carries]
    figures += people_figures(record.treatment.decisions if record.treatment else None, record.validation)
    figures.append(("time", seconds(sum(record.timings.values()) if record.timings else None), ""))
    return [figure for figure in figures if figure[1] != MISSING]


def _aside(record: RunRecord) -> list[tuple[str, str, str]]:
    """Rows that can't be used, if there are any."""
    why = "rejected.parquet in the run's folder has the reasons"
    return [("rows put aside", count(record.rejected_rows), why)] if record.rejected_rows else []


def _joined(record: RunRecord) -> list[tuple[str, str, str]]:
    """Of features of several kinds, by what they were encoded."""
    kinds = record.embedding.kinds if record.embedding else ()
    said = ", ".join(kind.said for kind in kinds)
    together = "each scaled to the same spread, then joined"
    return [("features", plural(len(kinds), "kind"), f"{said}; {together}")] if kinds else []


def _renamed(classes: Sequence[RenamedClass]) -> list[tuple[str, str, str]]:
    """What dataset.class_mapping did, if there is one."""
    if not classes:
        return []
    old = [renamed for renamed in classes if renamed.become is not None]
    gone = [renamed for renamed in classes if renamed.become is None]
    into = len({renamed.become for renamed in old})
    done = [f"{plural(len(old), 'name')} made {plural(into, 'class')}"] if old else []
    done += [f"{plural(len(gone), 'class')} put aside"] if gone else []
    counts = {"renamed": sum(one.labels for one in old), "put aside": sum(one.labels for one in gone)}
    said = [f"{plural(labels, 'label')} {what}" for what, labels in counts.items() if labels]
    return [("class mapping", ", ".join(done), ", ".join(said))]


def people_figures(
    decisions: DecisionsFindings | None, proof: ValidationFindings | None
) -> list[tuple[str, str, str]]:
    """What a run heard of people: name, value and a remark of each figure."""
    figures: list[tuple[str, str, str]] = []
    if decisions is not None:
        figures.append(("people decided on", plural(decisions.rows, "row"), not_heard(decisions)))
        figures += [audit_figure(audit) for audit in decisions.audits]
    if proof is not None and proof.looks:
        between = f"{span(proof.audited_interval, points)}, {plural(proof.looks, 'look')}"
        figures.append(("accuracy by people, points gained", points(proof.audited), between))
    return figures


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
