"""Made-up runs to report on: everything that a report can show, and nothing but a refusal."""

import io

import numpy as np
from PIL import Image

from labelworks.schemas.findings import MappedRow, SampleMap
from labelworks.schemas.records import Check, GateResult, RunRecord
from labelworks.tasks.artifacts.shown.cells import Cell
from labelworks.tasks.artifacts.shown.contents import Content
from labelworks.tasks.exports.described.nutrition import NutritionLine
from labelworks.tasks.report.evidence import ActionCount, ReportData, ScoreHistogram, WorstRow
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


def figure(value):
    return {"value": value, "low": value - 0.03, "high": value + 0.03}


DECISIONS = {
    "answers": 60, "rows": 48, "changed": 20, "dropped": 2, "look_again": 1, "unsure": 3, "stale": 1,
    "gone": 0,
    "reviewers": [{"name": "ada@example.org", "answers": 40, "repeated": 12, "accuracy": 0.97}],
    "audits": [{"sample": "strata-20260301T101500", "value": 0.19, "interval": [0.15, 0.24], "looks": 200}],
}  # fmt: skip
LEAKAGE = {
    "column": "split", "train": "train", "looked_at": 1.0, "leaked_rows": 31, "leaked_share": 0.06,
    "splits": [
        {"name": "train", "rows": 1000, "exact": 20, "near": 11, "same_id": 0, "copies_in": {"test": 31}},
        {"name": "validation_of_2024", "rows": 250, "exact": 0, "near": 0, "same_id": 0, "early": 12},
        {"name": "test", "rows": 250, "exact": 20, "near": 11, "same_id": 2, "copies_in": {"train": 31},
         "unseen_labels": ["card_not_working", "exchange_via_app"], "unseen_rows": 7, "early": 0},
    ],
    "shown": [{"id": "part-0#17", "split": "test", "why": "the same content", "also_in": ["train"]}],
}  # fmt: skip
SHORTCUTS = {
    "rows": 1500,
    "properties": [
        {"name": "brightness", "p_value": 1e-9, "tells": True, "gain": 0.31, "accuracy": 0.71, "chance": 0.6,
         "low": 0.1, "high": 0.25, "label": "1", "share": 0.93, "rows": 240, "examples": ["part-0#4"] * 5},
    ],
}  # fmt: skip
PERFORMANCE = {
    "model": "p_resnet", "rows": 600, "accuracy": figure(0.88), "macro_precision": figure(0.87),
    "macro_recall": figure(0.86), "macro_f1": figure(0.865), "note": "classes look different there",
    "by_class": [{"name": name, "share": 0.5, "precision": figure(0.87), "recall": figure(0.86),
                  "f1": figure(0.86)} for name in ("0", "1")],
    "windows": [{"window": "2024-03", "rows": 300, "accuracy": figure(0.89), "macro_f1": figure(0.87)}],
    "trend": figure(-0.02),
}  # fmt: skip
RANKING = [
    {"reading": reading, "rows": 1500, "models": [
        {"model": name, "accuracy": figure(right), "rank": rank, "rank_interval": [1, 2]}
        for rank, name, right in ((1, "resnet_50_finetuned", 0.93), (2, "vit", 0.92))]}
    for reading in ("given", "corrected", "posterior", "platinum")
]  # fmt: skip
POISON = {
    "rows": 1500,
    "regions": [{"label": "0", "around": "1", "p_value": 1e-6,
                 "rows": [f"part-0#{row}" for row in range(40)]}],
    "unlearnable": [{"labels": ["0", "a_<b>"], "right": 0.3, "expected": 0.8, "p_value": 1e-5,
                     "rows": [f"part-0#{row}" for row in range(16)]}],
}  # fmt: skip
VOTES_PROOF = {
    "gain": 0.02,
    "gain_interval": (0.01, 0.03),
    "difference": 0.04,
    "interval": (-0.01, 0.09),
    "held_out": 800,
    "apart": 60,
    "carried": "soft-labels",
    "why_majority": "that it is better isn't proven",
}
CROWD = {
    "method": "auto", "items": 400, "votes": 1200, "annotators": 4, "alpha": 0.5, "kappa": 0.5,
    "quality": 0.8, "lowest": [{"annotator": "w3", "votes": 300, "quality": 0.4}], "proof": VOTES_PROOF,
}  # fmt: skip
TREND = {
    "now": {"rows": 1500, "rejected_share": 0.01, "noise_rate": 0.196, "prior": {"0": 0.6, "1": 0.4}},
    "version": 2, "total_variation": 0.04, "moved_class": "0", "class_change": 0.04,
    "before": {"rows": 1400, "rejected_share": 0.0, "noise_rate": 0.15, "prior": {"0": 0.56, "1": 0.44}},
}  # fmt: skip


CONTENT = {
    "rows": 1500, "odd_rows": 14,
    "copies": {"rows": 1500, "copies": 5, "groups": 2, "conflicts": 2,
               "examples": [["r1", "r2<u>", "r3"], ["r5", "r6"]]},
    "issues": [
        {"name": "too-long", "rows": 9, "share": 0.006, "examples": ["r12", "r7<b>"]},
        {"name": "other-language", "rows": 5, "share": 0.0033, "examples": ["r3"]},
        {"name": "e-mail-address", "rows": 2, "share": 0.0013, "examples": ["r8"]},
        {"name": "empty", "rows": 0, "share": 0.0},
    ],
}  # fmt: skip
HEALTH = {
    "score": 0.804, "interval": [0.785, 0.82], "balance": 0.2, "rarest": "nine",
    "classes": [{"name": f"class {n}", "rows": 150 - n, "flagged": 30 - n, "quality": 0.7 + n / 50}
                for n in range(10)],
    "order": {"rows": 1500, "effect": 0.41, "p_value": 0.005},
    "value": {"rows": 1500, "harmful": 120, "lowest": ["r9", "r44"]},
}  # fmt: skip


def sample_map(rows=300, classes=10):
    rng = np.random.default_rng(0)
    given = rng.integers(0, classes, rows)
    middles = np.stack([np.cos(given), np.sin(given)]) / 2.6 + 0.5
    places = np.clip(middles + rng.normal(0, 0.05, (2, rows)), 0, 1)
    return SampleMap(
        explained=0.37,
        rows=[
            MappedRow(id=f"r{n}<i>", x=places[0, n], y=places[1, n], given=int(given[n]),
                      suggestion=int((given[n] + (n % 9 == 0)) % classes), flagged=n % 9 == 0)
            for n in range(rows)
        ],
    )  # fmt: skip


def with_all_sections():
    """A published run in which all was looked for, and found."""
    run = published()
    treatment = {**run.treatment.model_dump(), "decisions": DECISIONS}
    validation = {**run.validation.model_dump(), "looks": 60, "apart": 80, "audited": 0.05,
                  "audited_interval": [0.01, 0.09]}  # fmt: skip
    embedding = {
        "encoder": "pixels", "rows": 1500, "rejected_rows": 0, "rejected_share": 0.0, "dim": 64,
        "distinct_rows": 1480, "dead_dimensions": 0, "encoding_seconds": 2.0, "leakage": LEAKAGE,
    }  # fmt: skip
    return published(
        treatment=treatment, validation=validation, embedding=embedding, shortcuts=SHORTCUTS,
        performance=PERFORMANCE, ranking=RANKING, poison=POISON, trend=TREND, crowd=CROWD,
        content=CONTENT, health=HEALTH, nulls=[{"name": "age_of<b>", "rows": 1500, "nulls": 30}],
    )  # fmt: skip


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
        "sample_map": sample_map(classes=size),
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
                "part-1#9",
                1,
                7,
                0.6,
                "review",
                "two classes are likely",
                columns=60,
                cells=tuple(Cell(f"column_{place}", "x" * 9 * place, place < 2) for place in range(40)),
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
