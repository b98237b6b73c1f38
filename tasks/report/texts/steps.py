"""What to do after a run: sentences, and the commands that do it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from labelworks.schemas.records import RunRecord
from labelworks.tasks.report.texts.wording import made_of, plural


@dataclass(frozen=True)
class Step:
    """Something to do, and the command for it, where there is one."""

    text: str
    command: str = ""


def next_steps(record: RunRecord) -> list[Step]:
    """What a person may want to do now, the most urgent first."""
    steps = {"published": _published, "refused": _refused, "waiting": _waiting}.get(record.status)
    return list(steps(record)) if steps else []


def review_command(record: RunRecord) -> str:
    """What writes the rows of a run that are worth a look for people."""
    return f"labelworks review export {record.run_id} {_where(record)}"


def _published(record: RunRecord) -> Iterator[Step]:
    yield Step(
        "Train on it: this writes the columns of the source with the new labels and weights as one file "
        "(.parquet, .csv or .jsonl).",
        f"labelworks export {record.run_id} --joined train.parquet {_where(record)}",
    )
    if asked := record.treatment and record.treatment.review:
        yield Step(
            f"Look at {plural(asked, 'row')} left for a person: of action review in the published rows, "
            f"{_first_looks(record)} As a page that works from disk (docs/review.md):",
            review_command(record),
        )
    elif doubted := _doubted(record):
        labels = f"as made of {source}" if (source := made_of(record)) else "as given"
        yield Step(
            f"Look at the {plural(doubted, 'row')} whose label looks wrong: the labels are {labels}, and "
            "what people answer is heard by the next run. As a page that works from disk (docs/review.md):",
            review_command(record),
        )
    if (done := record.treatment) and done.judges and done.judges.not_asked:
        yield Step(
            f"Ask judges about {plural(done.judges.not_asked, 'row')} more by a larger treat.judges.budget: "
            "answers that are there are not bought again."
        )
    if (shift := record.shift) and shift.kind not in (None, "neither"):
        yield Step(f"Kind of shift: {shift.kind}; {shift.advice}.")
    warned = sum(len(gate.warned) for gate in record.gates.values())
    if warned:
        yield Step(f"Read {plural(warned, 'warning')} of the gates, below.")


def _doubted(record: RunRecord) -> int:
    """Rows whose label looks wrong and is published as it was given."""
    given = record.validation is not None and record.validation.why_given
    return record.noise.flagged if given and record.noise else 0


def _first_looks(record: RunRecord) -> str:
    judged = record.treatment is not None and record.treatment.judges is not None
    return "those of the lowest judge_score first." if judged else "each with a suggestion."


def _refused(record: RunRecord) -> Iterator[Step]:
    for stage, gate in record.gates.items():
        for check in gate.failed:
            reason = f"{check.observed} after {stage}, where {check.expected} is asked for"
            yield Step(
                f"{_sentence(check.says or check.name)}: {reason}. Mend the data or the config; "
                f"where it is right as it is, change gates.{stage} in the config."
            )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] if " " in text else text


def _waiting(record: RunRecord) -> Iterator[Step]:
    command = f"labelworks approve {record.run_id} {_where(record)}"
    yield Step("Look at rows whose labels are doubted first:", review_command(record))
    yield Step("Publish it as proposed:", command)
    yield Step("Or change fewer labels, the surest ones:", f"{command} --budget ROWS")
    yield Step("Or publish nothing:", f"{command} --reject")


def _where(record: RunRecord) -> str:
    """The options that name the store; one that needs keys is opened by the run's config."""
    store = record.config.get("store", {})
    if store.get("secret") or store.get("storage_options"):
        return "--config CONFIG"
    return f"--store {shlex.quote(str(store.get('root', 'labelworks-store')))}"
