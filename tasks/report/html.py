"""A run as one self-contained HTML file: no scripts, no other hosts, everything escaped."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from labelworks.schemas.findings import CalibrationFindings, Class, DriftFindings
from labelworks.schemas.percentages import MISSING, percent, unbroken
from labelworks.schemas.records import RunRecord
from labelworks.schemas.suites import reasons
from labelworks.tasks.artifacts.shown.contents import Content
from labelworks.tasks.artifacts.shown.thumbnails import LARGEST, thumbnail
from labelworks.tasks.methods.validation.arms import WORDS as ARMS
from labelworks.tasks.report import plots, time_plots
from labelworks.tasks.report.drawn_map import drawn_map
from labelworks.tasks.report.evidence import ReportData, WorstRow
from labelworks.tasks.report.texts import (
    content_text,
    health_text,
    shortcut_text,
    tag_text,
    trend_text,
    wording,
)
from labelworks.tasks.report.texts import drift_text as moved
from labelworks.tasks.report.texts.key_figures import audit_figure, key_figures, money, not_heard
from labelworks.tasks.report.texts.steps import next_steps
from labelworks.tasks.report.texts.verdict import verdict

TEMPLATES = Path(__file__).parent / "templates"
MAX_WORST, LEAST_WORST, MAX_TEXT = 60, 6, 600
BEHIND = re.compile(r"([_/-]+)")
SCROLL = 'class="scroll" role="group" aria-label="table" tabindex="0"'  # what scrolls is reached by keys
MIXED, LEAST_SHARE = 3, 0.05  # classes of a group that are named
PAGE_ROWS, SMALL_TEXT, SMALL_PICTURE = 50, 200, 64
CELLS, CELL_TEXT = 6, 80  # columns that are seen at once; characters of a value
COLUMNS = (
    "windows", "rows", "total_variation", "drift_effect", "drift_p_value", "noise_rate",
    "label_effect", "label_psi", "label_jensen_shannon", "label_wasserstein",
)  # fmt: skip


def render(record: RunRecord, evidence: ReportData) -> str:
    """Return the report of a run, published or refused, as one HTML page."""
    worst = [card(row) for row in evidence.worst[: _most(record)]]
    return rendered(
        "report.html",
        record=record,
        verdict=unbroken(verdict(record)),
        tiles=key_figures(record),
        probe=wording.probe(record.validation) if record.validation else "",
        carried=wording.carried(record.validation) if record.validation else "",
        arms=ARMS,
        plots=_plots(record, evidence),
        confusions=evidence.confusions(10),
        worst=worst,
        tells=any(cell.tells for row in worst for cell in row["row"].cells),
        strangest=[card(row) for row in evidence.strangest],
        flagged=evidence.flagged,
        flagged_rows=evidence.flagged_rows,
        pages=_pages(evidence),
        known={key: card(example, small=True) for key, example in evidence.examples.items()},
        files=evidence.files,
        steps=next_steps(record),
        actions=evidence.actions,
        nutrition=evidence.nutrition,
        instructions=_instructions(evidence),
        classes=_classes(record, evidence),
        moved=moved.sentences(record.drift, record.shift),
        trend=trend_text.lines(record.trend),
        tags_told=tag_text.sentence(record.noise),
        health_told=health_text.sentences(record.health),
        sample_map=drawn_map(evidence.sample_map, evidence.classes),
        odd_content=content_text.issue_rows(record.content, personal=False),
        personal_data=content_text.issue_rows(record.content, personal=True),
        told_alone=shortcut_text.sentences(record.shortcuts),
        streams=_streams(record),
        drift=record.drift or DriftFindings(),
        unknown=record.shift and record.shift.unknown,
        gates=_gates(record),
        versions=evidence.versions,
        calibrations=calibrations(record),
        config=yaml.safe_dump(json.loads(json.dumps(record.config, default=str)), sort_keys=False),
    )


def _most(record: RunRecord) -> int:
    """How many rows are shown: those whose labels look wrong, of few some more, of many the first."""
    flagged = record.noise.flagged if record.noise else 0
    return min(max(flagged, LEAST_WORST), MAX_WORST)


def rendered(template: str, **given: Any) -> str:
    """A page of one of the templates, with its style."""
    css = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    return _environment().get_template(template).render(css=css, **given)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
    )
    for written in (percent, wording.chance, wording.span):
        environment.filters[written.__name__] = _for_pages(written)
    for filter_ in (
        wording.points,
        wording.count,
        wording.decimal,
        wording.seconds,
        wording.moment,
        money,
        audit_figure,
        not_heard,
        wording.plural,
        wording.made_of,
        cut,
    ):
        environment.filters[filter_.__name__] = filter_
    environment.filters["state"] = wording.state
    environment.filters["mix"] = _mix
    environment.filters["breaking"] = breaking
    environment.globals["scroll"] = Markup(SCROLL)  # noqa: S704 - our own words
    return environment


def _for_pages(write: Callable[..., str]) -> Callable[..., str]:
    """The same, with no break of a line before the sign."""
    return lambda *given, **named: unbroken(write(*given, **named))


def cut(value: str) -> str:
    """The value of a cell, as much of it as is shown."""
    return wording.shorten(value, CELL_TEXT) or MISSING


def breaking(name: Class) -> Markup:
    """A class name that may go on in the next line behind each _, - or /."""
    return Markup(BEHIND.sub(r"\1<wbr>", str(escape(str(name)))))  # noqa: S704 - escaped


def _instructions(evidence: ReportData) -> list[dict[str, Any]]:
    """Examples of each class with what is in them."""
    kinds = ("typical", "borderline")
    return [
        {"of": of}
        | {kind: [(card(evidence.shown_rows[row.place], small=True), row) for row in getattr(of, kind)]
           for kind in kinds}
        for of in evidence.instructions
    ]  # fmt: skip


def _mix(prior: Sequence[float | None], classes: Sequence[Class]) -> str:
    """The largest classes of a mix with their shares."""
    shares = sorted(zip(classes, prior, strict=True), key=lambda pair: -(pair[1] or 0.0))
    largest = [(name, share) for name, share in shares[:MIXED] if share is not None and share >= LEAST_SHARE]
    return ", ".join(f"{name}: {percent(share)}" for name, share in largest)


def _plots(record: RunRecord, evidence: ReportData) -> dict[str, Markup]:
    figures = {
        "scores": plots.score_histogram(evidence),
        "confusions": plots.confusions(evidence),
        "priors": plots.priors(evidence),
        "difference": plots.difference(record.validation),
        "reliability": plots.reliability(calibrations(record)),
    }
    # The drawing library escapes what it is given to write.
    return {
        name: Markup(plots.svg(figure, name)) if figure else Markup("")  # noqa: S704
        for name, figure in figures.items()
    }


def calibrations(record: RunRecord) -> list[CalibrationFindings]:
    """Of the models that labels were judged by, before, and of the posterior, after."""
    decisions = record.treatment and record.treatment.decisions
    after = decisions and decisions.calibration
    return [*record.calibration, *([after] if after else [])]


def _streams(record: RunRecord) -> list[dict[str, Any]]:
    """Windows of time of the labelled rows and of the target: a heading, pictures, and a line each."""
    made = []
    for title, stream in moved.streams(record.drift):
        drawn = {"mix": time_plots.mix_over_time(stream), "drift": time_plots.drift_over_time(stream)}
        pictures = [
            (what, Markup(plots.svg(figure, f"{title}-{what}")))  # noqa: S704 - as above
            for what, figure in drawn.items()
            if figure
        ]
        changed = {change.window for change in stream.change_points}
        nothing = [None] * len(stream.windows)  # of a target no label is known
        lines = zip(*(getattr(stream, column) or nothing for column in COLUMNS), strict=True)
        made.append({"title": title, "pictures": pictures, "lines": list(lines), "changed": changed})
    return made


def _pages(evidence: ReportData) -> list[list[dict[str, Any]]]:
    """The flagged rows, some a page."""
    rows = [card(row, small=True) for row in evidence.flagged]
    return [rows[start : start + PAGE_ROWS] for start in range(0, len(rows), PAGE_ROWS)]


def card(row: WorstRow | Content, *, small: bool = False) -> dict[str, Any]:
    """A row as templates show it: its picture as an address of data, or its text, shortened."""
    text, size = (SMALL_TEXT, SMALL_PICTURE) if small else (MAX_TEXT, LARGEST)
    picture = None if row.image is None else thumbnail(row.image, size)
    return {
        "row": row,
        "picture": picture,
        "text": None if row.text is None else wording.shorten(row.text, text),
        "cells": row.cells[:CELLS],
        "folded": () if small else row.cells[CELLS:],
        "columns": row.columns,
        "undecodable": row.image is not None and not picture,
    }


def _classes(record: RunRecord, evidence: ReportData) -> list[dict[str, Any]]:
    """One line per class: rows before and after, priors, weight; empty where nothing of it is known."""
    columns = {
        "before": evidence.counts_before,
        "after": evidence.counts_after,
        "source": evidence.prior_source,
        "target": evidence.prior_target,
        "interval": evidence.prior_interval,
    }
    if all(values is None for values in columns.values()):
        return []
    weights = dict(zip(record.classes, record.shift.weights, strict=True)) if record.shift else {}
    return [
        {"name": name, "weight": weights.get(name)}
        | {key: None if values is None else np.asarray(values)[i].tolist() for key, values in columns.items()}
        for i, name in enumerate(evidence.classes)
    ]


def _gates(record: RunRecord) -> list[dict[str, Any]]:
    return [{"stage": stage, "result": gate, "why": reasons(stage)} for stage, gate in record.gates.items()]
