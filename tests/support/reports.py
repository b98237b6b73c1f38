"""Made-up runs to report on: everything that a report can show, and nothing but a refusal."""

import io

import numpy as np
from PIL import Image

from labelworks.schemas.records import Check, GateResult, RunRecord
from labelworks.tasks.exports.described.nutrition import NutritionLine
from labelworks.tasks.report.evidence import ActionCount, ReportData, ScoreHistogram, WorstRow
from labelworks.tasks.report.flagged_rows import Content
from labelworks.tasks.report.instructions.choose import ClassExamples, Example


def picture(size=(8, 8)):
    pixels = np.random.default_rng(0).integers(0, 255, size, dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def gate(stage, ok=True, severity="error", name="max_noise_rate"):
    check = Check(name=name, ok=ok, severity=severity, expected="noise_rate ≤ 0.6", observed="0.71")
    return GateResult(stage=stage, ok=ok or severity == "warning", checks=(check,))


def published(**changes):
    fields = {
        "run_id": "8f31c2a9",
        "status": "published",
        "dataset": "digits",
        "version": 3,
        "rows": 1500,
        "work": {"embedded_rows": 1500, "scored_rows": 1500},
        "noise": {
            "method": "noise-transition",
            "rate": 0.196,
            "rate_interval": [0.18, 0.215],
            "flagged": 290,
            "flagged_share": 290 / 1500,
            "out_of_sample_accuracy": 0.77,
            "top_confusions": [],
        },
        "shift": {
            "method": "em-bcts",
            "prior": [0.3, 0.7],
            "source_prior": [0.6, 0.4],
            "weights": [0.5, 1.75],
            "interval": [[0.2, 0.4], [0.6, 0.8]],
            "total_variation": 0.3,
            "drift": {},
        },
        "treatment": {
            "mode": "both",
            "keep": 1210,
            "relabel": 250,
            "relabelled": 250,
            "review": 40,
            "changed_share": 0.167,
            "effective_sample_share": 0.66,
        },
        "validation": {
            "accuracy_raw": 0.901,
            "accuracy_treated": 0.955,
            "difference": 0.054,
            "interval": [0.031, 0.078],
            "holdout_rows": 360,
            "measured_against": "given labels that no probe doubts",
        },
        "gates": {"ingest": gate("ingest"), "detect": gate("detect", ok=False, severity="warning")},
        "report": "store/digits/runs/8f31c2a9/report.html",
        "timings": {"ingest": 0.4, "embed": 3.1, "detect": 64.2},
        "classes": ("0", "1"),
        "config": {"dataset": {"name": "digits", "classes": ("0", "1")}},
        "code_version": "0.1.0",
    }
    return RunRecord.model_validate(fields | changes)


def refused(**changes):
    fields = {
        "status": "refused",
        "version": None,
        "rows": 0,
        "work": {},
        "noise": None,
        "shift": None,
        "treatment": None,
        "validation": None,
        "gates": {"ingest": gate("ingest"), "detect": gate("detect", ok=False)},
        "timings": {},
    }
    return published(**(fields | changes))


def evidence(size=10, target=True, names=None, **changes):
    rng = np.random.default_rng(size)
    transition = np.eye(size) * 0.8 + rng.dirichlet(np.full(size, 0.3), size) * 0.2
    source, moved = np.full(size, 1 / size), rng.dirichlet(np.full(size, 3.0))
    counts = np.geomspace(2, 900, 20).astype(int)
    fields = {
        "classes": tuple(names or range(size)),
        "transition": transition,
        "scores": ScoreHistogram(np.linspace(0, 1, 21), counts, counts * (np.arange(20) < 8)),
        "prior_source": source if target else None,
        "prior_target": moved if target else None,
        "prior_interval": np.stack([moved * 0.8, moved * 1.2], axis=1) if target else None,
        "counts_before": rng.integers(100, 200, size),
        "counts_after": rng.integers(100, 200, size),
        "worst": (
            WorstRow("part-0#17", 3, 5, 0.998, "relabel", "the posterior of 5 is 0.99", image=picture()),
            WorstRow("part-0#4", 3, 5, 0.7, "review", "two classes are likely", text="where is my card?"),
            WorstRow(
                "part-1#9", 1, 7, 0.6, "review", "two classes are likely", vector="part-1.parquet, row 9"
            ),
        ),
        "actions": (ActionCount("keep", "label is likely right", 1210), ActionCount("relabel", "sure", 250)),
        "instructions": (
            ClassExamples(
                "a_b", 40, 0.8, (Example("p", 0, "q0", "c", 0.1),), (Example("p", 1, "q1", "c", 0.4),)
            ),
        ),
        "shown_rows": {("p", 0): Content(text="where is it?"), ("p", 1): Content(text="or is it?")},
        "nutrition": (
            NutritionLine("rows", "1,500"),
            NutritionLine("largest class", "a_b", "900 rows, 60.0 % of all"),
        ),
        "versions": {"python": "3.11.7", "numpy": "2.4.6"},
    }
    return ReportData(**(fields | changes))
