"""Report: what a run found, as one HTML file in the store and as artifacts in the Prefect UI."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact

from labelworks.schemas.findings import (
    DetectFigures,
    DriftFindings,
    Findings,
    JudgedRow,
    TreatEvidence,
    TreatFigures,
)
from labelworks.schemas.records import DatasetRef, RunRecord
from labelworks.schemas.stage_results import (
    DetectResult,
    StageResult,
    TreatResult,
    ValidateResult,
    figures_of,
)
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.shown import contents as shown
from labelworks.tasks.artifacts.shown.flagged_rows import DecidedRow, decisions, flagged
from labelworks.tasks.artifacts.vectors.first_pass import rows_by_class
from labelworks.tasks.execution.engine import in_flow, stage_task
from labelworks.tasks.exports import with_exports
from labelworks.tasks.exports.base import Version
from labelworks.tasks.exports.described.contents import contents_of
from labelworks.tasks.exports.described.nutrition import NutritionLine, nutrition
from labelworks.tasks.planning.run import Run
from labelworks.tasks.report import html, markdown, plots, time_plots
from labelworks.tasks.report.evidence import ActionCount, ReportData, ScoreHistogram, WorstRow
from labelworks.tasks.report.instructions.choose import choose
from labelworks.tasks.report.queue_table import flagged_table, labels_shown, likeliest_table
from labelworks.tasks.report.texts import drift_text, wording

STRANGEST = 12
EXEMPLIFIED = 20  # classes at most of which examples are shown
SECTIONS = ("noise", "shift", "treatment", "validation")
PACKAGES = ("labelworks", "prefect", "dask", "pyarrow", "great-expectations", "scikit-learn", "numpy")


@stage_task("report")
def write_report(run: Run, results: Sequence[StageResult], record: RunRecord) -> str:
    """Write the report of a run, published or refused, as HTML and as JSON; return the address of the HTML.

    The JSON is the record as the report tells of it, before a version has a number.
    """
    store, name = run.artifacts.store, run.artifacts.file("report", "report.html")
    evidence = gather(run, results, record)
    store.write(name, html.render(record, evidence).encode())
    if in_flow() and evidence.flagged:
        create_table_artifact(
            flagged_table(evidence.flagged),
            key=_key(record.dataset, "review-queue"),
            description="Rows to look at in their order, those that wait for a person first",
        )
    linked = record.model_copy(update={"report": store.url(name)})
    store.write(run.artifacts.file("report", "report.json"), linked.model_dump_json(indent=1).encode())
    return store.url(name)


def post_stage(result: StageResult) -> None:
    """Show a stage in the Prefect UI: its gate as a table, its figures and plots as a page."""
    create_table_artifact(
        markdown.gate_rows(result.gate),
        key=_key(result.ref.dataset, f"gate-{result.stage}"),
        description=f"The gate after {result.stage}",
    )
    pictures = _pictures(result)
    create_markdown_artifact(
        markdown.stage(result, _listed(result), pictures),
        key=_key(result.ref.dataset, f"stage-{result.stage}"),
    )
    if isinstance(result, DetectResult):
        create_table_artifact(
            likeliest_table(result),
            key=_key(result.ref.dataset, "review-queue"),
            description="The likeliest wrong labels, worst first; the report shows the rows themselves",
        )


def post_run(record: RunRecord) -> None:
    """Show the end of a run in the Prefect UI: the verdict, and a link to the report."""
    create_markdown_artifact(markdown.summary(record), key=_key(record.dataset, "verdict"))
    link = record.report if "://" in record.report else f"file://{record.report}"
    about = f"Report of run {record.run_id}"
    create_link_artifact(link, link_text="report", key=_key(record.dataset, "report"), description=about)


def _key(dataset: str, what: str) -> str:
    """Key of an artifact: each dataset, and each window of it, has its own history."""
    return f"{re.sub('[^a-z0-9]+', '-', dataset.lower()).strip('-')}-{what}"


def gather(run: Run, results: Sequence[StageResult], record: RunRecord) -> ReportData:
    """Collect what the report shows from the stages that were reached."""
    treated_by = next((result.ref for result in results if isinstance(result, TreatResult)), None)
    ref, versions = treated_by or results[-1].ref, {name: version(name) for name in PACKAGES}
    about: dict[str, Any] = {"classes": ref.classes, "files": _files(run, record, results)}
    detected, treated = figures_of(results, DetectFigures), figures_of(results, TreatFigures)
    if detected is None:
        return ReportData(**about, versions=versions)
    listed, count = flagged(run.artifacts, ref, treated=treated is not None)
    return ReportData(
        **about,
        versions=versions,
        **_drawn(detected),
        **(_counts(treated.evidence) if treated else {}),
        worst=_shown(run, ref, _decided(run.artifacts, ref, detected.evidence.worst)),
        strangest=_shown(run, ref, _decided(run.artifacts, ref, detected.evidence.strangest[:STRANGEST])),
        flagged=_shown(run, ref, listed),
        flagged_rows=count,
        **_labels_by_example(run, ref),
        nutrition=_nutrition(run.artifacts, results, record),
        examples=_examples(run, ref, detected),
    )


def _nutrition(
    artifacts: Artifacts, results: Sequence[StageResult], record: RunRecord
) -> list[NutritionLine]:
    """What is in the rows that are published, if they are."""
    if record.status != "published":
        return []
    parts = [f"{artifacts.folder}/{part}" for part in record.parts]
    return nutrition(record, contents_of(artifacts.store, parts), record.rejected_rows)


def _labels_by_example(run: Run, ref: DatasetRef) -> dict[str, Any]:
    """Rows that show what classes are, of many the largest; nothing where labels are no single classes."""
    if not ref.one_class:
        return {}
    largest = np.argsort(-rows_by_class(run.artifacts)[0], kind="stable")[:EXEMPLIFIED]
    chosen = choose(run.artifacts, ref, sorted(largest.tolist()))
    places = [example.place for of in chosen for example in (*of.typical, *of.borderline)]
    read = shown.contents(run.artifacts, run.source, ref, places)
    return {"instructions": chosen, "shown_rows": dict(zip(places, read, strict=True))}


def _drawn(found: DetectFigures) -> dict[str, Any]:
    """What is drawn of the detect stage."""
    seen, shift = found.evidence, found.shift
    counts, flagged = np.asarray(seen.histogram), np.asarray(seen.flagged_histogram)
    return {
        "transition": None if seen.transition is None else np.asarray(seen.transition),
        "scores": ScoreHistogram(np.linspace(0.0, 1.0, len(counts) + 1), counts, flagged),
        "sample_map": seen.sample_map,
        "prior_source": None if shift is None else np.asarray(shift.source_prior),
        "prior_target": None if shift is None else np.asarray(shift.prior),
        "prior_interval": None if shift is None else np.asarray(shift.interval),
    }


def _counts(done: TreatEvidence) -> dict[str, Any]:
    return {
        "counts_before": np.asarray(done.before),
        "counts_after": np.asarray(done.after),
        "actions": tuple(ActionCount(*entry) for entry in done.actions),
    }


def _listed(result: StageResult) -> dict[str, Any]:
    """The figures that are numbers or words, and what moved in sentences: the rest is drawn."""
    figures: dict[str, Any] = {}
    for name, value in dict(result.figures).items():
        if isinstance(value, DriftFindings):
            shift = result.figures.shift if isinstance(result.figures, DetectFigures) else None
            sentences = drift_text.sentences(value, shift)
            figures |= {f"moved, {number}": text for number, text in enumerate(sentences, 1)}
        elif name in SECTIONS and value is not None:
            figures |= _told(name, value) | _told("judges", getattr(value, "judges", None))
        elif name != "evidence" and value is not None and _is_plain(value):
            figures[name] = value
    return figures


def _told(name: str, section: Findings | None) -> dict[str, Any]:
    """What is known of a section, by its name."""
    known = {
        key: value for key, value in dict(section or {}).items() if value is not None and _is_plain(value)
    }
    return {f"{name}: {key}": value for key, value in known.items()}


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _pictures(result: StageResult) -> dict[str, bytes]:
    drawn: dict[str, Any] = {}
    if isinstance(result, DetectResult):
        evidence = ReportData(classes=result.ref.classes, **_drawn(result.figures))
        drawn = {
            "Scores": plots.score_histogram(evidence),
            "Wrong labels": plots.confusions(evidence),
            "Class mix": plots.priors(evidence),
            **_over_time(result.figures.drift),
        }
    elif isinstance(result, ValidateResult):
        drawn = {"Treated against raw": plots.difference(result.figures.validation)}
    return {title: plots.png(figure) for title, figure in drawn.items() if figure is not None}


def _over_time(drift: DriftFindings) -> dict[str, Any]:
    drawn = {}
    for title, stream in drift_text.streams(drift):
        drawn[f"{title}: class mix over time"] = time_plots.mix_over_time(stream)
        drawn[f"{title}: drift over time"] = time_plots.drift_over_time(stream)
    return drawn


def _shown(run: Run, ref: DatasetRef, rows: Sequence[DecidedRow]) -> tuple[WorstRow, ...]:
    """Rows in their order, with what a person needs to judge them."""
    contents = shown.contents(run.artifacts, run.source, ref, [row.place for row in rows])
    return tuple(
        WorstRow(
            id=row.id,
            **labels_shown(ref, row.given, row.suggestion, content),
            probability=row.error_probability,
            action=row.action,
            reason=row.reason,
            text=content.text,
            image=content.image,
            vector=content.vector,
            cells=content.cells,
            columns=content.columns,
        )
        for row, content in zip(rows, contents, strict=True)
    )


def _decided(artifacts: Artifacts, ref: DatasetRef, rows: Sequence[JudgedRow]) -> list[DecidedRow]:
    """The rows with what was decided on them, where that is so far."""
    partitions = {partition.key: partition for partition in ref.partitions}
    by_place: dict[tuple[str, int], tuple[str, str]] = {}
    for key in dict.fromkeys(row.partition for row in rows):
        here = [row.row for row in rows if row.partition == key]
        made = decisions(artifacts, ref, partitions[key], here)
        by_place |= {(key, row): decision for row, decision in made.items()}
    rows_of = [DecidedRow(**row.model_dump(exclude={"in_scope"})) for row in rows]
    decided = [by_place.get(row.place, ("", "")) for row in rows_of]
    return [replace(row, action=a, reason=why) for row, (a, why) in zip(rows_of, decided, strict=True)]


def _examples(run: Run, ref: DatasetRef, found: DetectFigures) -> dict[tuple[str, str], shown.Content]:
    """What is in the rows that slices and new classes name."""
    slices, unknown = found.drift.slices, found.shift and found.shift.unknown
    ids = {
        "source": [name for group in (slices.groups if slices else ()) for name in group.examples],
        "target": [name for group in (unknown.largest if unknown else ()) for name in group.examples],
    }
    return {
        (window, name): content
        for window, names in ids.items()
        if names
        for name, content in shown.by_ids(run.artifacts, run.source, ref, window, names).items()
    }


def _files(run: Run, record: RunRecord, results: Sequence[StageResult]) -> dict[str, str]:
    """Where what the run read and made is."""
    folder, store, places = f"{run.artifacts.folder}/", run.artifacts.store, run.source.places
    windows = ("source", "target") if run.config.dataset.target else ("source",)
    files = {window: places[window] for window in windows}
    for name, parts in (("published rows", record.parts), ("rows of the target", record.target_parts)):
        if parts and record.status == "published":
            place = store.url(f"{folder}{parts[0].rpartition('/')[0]}")
            files[name] = f"{place} ({wording.plural(len(parts), 'parquet file')})"
    if record.status == "published":
        published = Version(run.artifacts, run.source, record.model_copy(update={"version": 0}))
        addresses = with_exports(published, run.config.publish.also).exports
        files |= {f"as {name}": address for name, address in addresses.items()}
    for result in results:
        aside, figures = f"{folder}{result.stage}/rejected.parquet", result.figures
        if any(getattr(figures, name, 0) for name in ("rejected_rows", "rejected_files")):
            files[f"put aside by {result.stage}"] = store.url(aside)
    return files | {"the run": store.url(folder)}
