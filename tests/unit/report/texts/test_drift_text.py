"""What moved, from real findings of made rows to the page, the plots and the words."""

import numpy as np
import pytest

from labelworks.schemas.findings import (
    DriftFindings,
    FeatureDrift,
    Look,
    MonitorFindings,
    NewClass,
    ShiftFindings,
    TargetDrift,
    UnknownFindings,
)
from labelworks.tasks.methods.drift.calendar import Calendar
from labelworks.tasks.methods.drift.count_tests import compare
from labelworks.tasks.methods.findings.groups import column_findings, group_findings, slice_findings
from labelworks.tasks.methods.findings.windows import LabelSums, labelled_windows
from labelworks.tasks.report import plots, time_plots
from labelworks.tasks.report.evidence import ReportData
from labelworks.tasks.report.html import render
from labelworks.tasks.report.texts import drift_text

ATTACK = "<script>alert(1)</script>$x_1$"
MONTHS = 10


@pytest.fixture(scope="module")
def rows():
    """Two classes in ten months whose mix turns around half-way, and a group whose labels are worse."""
    rng = np.random.default_rng(0)
    month = np.repeat(np.arange(MONTHS), 60)
    labels = (rng.random(600) < np.where(month < 5, 0.2, 0.8)).astype(np.int32)
    group = rng.integers(0, 2, 600)
    features = (4 * np.eye(2, 3)[labels] + rng.normal(size=(600, 3))).astype(np.float32)
    wrong = np.where(group == 1, 0.4, 0.1)
    return {"month": month, "labels": labels, "group": group, "features": features, "wrong": wrong}


def sums(of, rows, size):
    counts = np.bincount(of * 2 + rows["labels"], minlength=2 * size).reshape(size, 2)
    return LabelSums(counts, np.bincount(of, rows["wrong"], size))


@pytest.fixture(scope="module")
def drift(rows):
    months = Calendar(
        tuple(f"2026-{m + 1:02d}" for m in range(MONTHS)), np.arange(MONTHS, dtype=float), "month"
    )
    T, names = np.eye(2), ["kept", ATTACK]
    ids = [f"row-{row}" for row in range(600)]
    ages = np.random.default_rng(1).normal([[0.0], [2.0]], size=(2, 600))
    by_month = sums(rows["month"], rows, MONTHS)
    return DriftFindings(
        time=labelled_windows(months, by_month, T, rows["features"], rows["month"], ["no", ATTACK]),
        groups={
            "site": group_findings(
                names, sums(rows["group"], rows, 2), T, rows["features"], rows["group"], rows["wrong"],
                ["no", ATTACK],
            )
        },
        slices=slice_findings(
            rows["features"], rows["labels"], rows["wrong"], rows["wrong"], ids, 4, ["no", ATTACK]
        ),
        columns=column_findings({"age": ages[0]}, {"age": ages[1]}),
        watch=MonitorFindings(
            window="source", e_value=1.5, looks=12,
            batches=(Look(run="abc", rows=100, p_value=0.2, effect=0.01),),
        ),
    )  # fmt: skip


def shifted(**changes):
    fields = {"method": "em", "prior": [0.5, 0.5], "source_prior": [0.5, 0.5], "weights": [1.0, 1.0]}
    fields |= {"interval": [[0, 1], [0, 1]], "total_variation": 0.0, "drift": {}}
    return ShiftFindings.model_validate(fields | changes)


def test_the_findings_are_those_that_were_made(drift, rows):
    found = drift.time
    assert [change.window for change in found.change_points] == ["2026-06"]
    shares = [rows["labels"][rows["month"] == m].mean() for m in range(MONTHS)]
    assert np.array(found.prior)[:, 1] == pytest.approx(shares, abs=1e-4)
    assert found.drift_effect[5] == max(filter(None, found.drift_effect))
    assert found.watch.alarm in ("2026-06", "2026-07", "2026-08")
    groups = {group.name: group for group in drift.groups["site"].groups}
    assert drift.groups["site"].worst == ATTACK
    assert groups[ATTACK].noise == pytest.approx(0.4, abs=0.03)
    for code, name in enumerate(["kept", ATTACK]):
        share = rows["labels"][rows["group"] == code].mean()
        assert groups[name].prior == pytest.approx((1 - share, share), abs=1e-4)
    assert drift.groups["site"].classes == ("no", ATTACK)
    assert drift.groups["site"].prior[1] == pytest.approx(rows["labels"].mean(), abs=1e-4)
    for group in drift.slices.groups:
        assert sum(group.prior) == pytest.approx(1, abs=1e-4)
        assert group.total_variation == pytest.approx(abs(group.prior[0] - drift.slices.prior[0]), abs=1e-4)
    first = np.bincount(rows["labels"][rows["month"] == 0], minlength=2)
    whole = compare(first, np.bincount(rows["labels"]) - first)
    assert found.label_jensen_shannon[0] == pytest.approx(whole.jensen_shannon)
    assert found.label_wasserstein[0] == pytest.approx(whole.wasserstein)


def test_the_page_shows_them_and_escapes_names(runs, drift):
    new = NewClass(rows=9, share=0.09, examples=(ATTACK,))
    unknown = UnknownFindings(share=0.12, interval=(0.1, 0.14), new_classes=1, largest=(new,))
    record = runs["published"](drift=drift, shift=shifted(unknown=unknown))
    page = render(record, ReportData())
    assert "<script>" not in page and "<h2>What moved</h2>" in page
    for text in ("Labelled rows over time", "By site", "Regions of the embeddings", "Columns", "Batches"):
        assert f"<h3>{text}" in page
    assert "the mix changed here" in page and "Rows of no known class" in page
    stream = page[page.index("<h3>Labelled rows over time") : page.index("<h3>By site")]
    assert '<th class="n">Jensen–Shannon</th>' in stream
    for name in ("label_effect", "label_jensen_shannon", "label_wasserstein"):
        assert f">{getattr(drift.time, name)[0]:.2f}</td>" in stream
    site = page[page.index("<h3>By site") : page.index("<h3>Regions of the embeddings")]
    assert f"no: {100 * drift.groups['site'].groups[0].prior[0]:.1f} %" in site
    assert page.count('aria-label="Labelled rows over time') == 2
    assert "What moved" not in render(runs["published"](), ReportData())


def test_sentences_say_it(drift):
    told = " ".join(drift_text.sentences(drift, None))
    assert "10 windows by month: the class mix changed at 2026-06" in told
    assert "the alarm rang at 2026-0" in told
    assert "Column age moved most" in told
    groups = next(iter(drift.groups.values()))
    assert f"predictions are wrong most often in {groups.worst}" in told
    even = groups.model_copy(update={"worst_error": 0.0, "error": 0.0})
    said = drift_text.sentences(DriftFindings(groups={"sex": even}), None)
    assert said[0].endswith("predictions are wrong as often in each, 0.0 %.")
    assert "labels look wrong most often in" in said[1] and "of 302 rows, against" in said[1]
    alike = even.model_copy(
        update={"groups": tuple(group.model_copy(update={"noise": 0.1}) for group in even.groups)}
    )
    assert len(drift_text.sentences(DriftFindings(groups={"sex": alike}), None)) == 1
    assert "12 looks at the source's new files: evidence of drift 1.5" in told
    assert drift_text.sentences(None, None) == []
    worst = shifted(drift=TargetDrift(features=(FeatureDrift(feature=7, effect=0.31, p_value=0.001),)))
    assert "Dimensions of the features that moved most in the target (how far, of 1): 7 (0.31)" in " ".join(
        drift_text.sentences(None, worst)
    )
    shorter = {"windows": ("1", "2"), "change_points": (), "by": "number", "drift_effect": (None, 0.3)}
    few = drift.time.model_copy(update=shorter)
    assert "2 windows: too few to tell" in drift_text.sentences(DriftFindings(time=few), None)[0]
    one = DriftFindings(time=few.model_copy(update={"windows": ("1",)}))
    assert drift_text.sentences(one, None) == []


@pytest.mark.parametrize(("reading", "doubt"), [("unknown", False), ("moved or unknown", True)])
def test_rows_that_moved_are_not_called_new_classes(reading, doubt):
    told = drift_text.unknown(UnknownFindings(share=0.4, interval=(0.35, 0.46), reading=reading))
    assert told.startswith("Unlike every known class: 40.0 % of the target, 35.0 % to 46.0 %.")
    assert ("may be known classes" in told) is doubt


def test_pictures_need_two_windows(drift):
    for draw in (time_plots.mix_over_time, time_plots.drift_over_time):
        assert draw(drift.time.model_copy(update={"windows": ("2026-01",)})) is None
        picture = plots.svg(draw(drift.time), "name")
        assert "<script" not in picture and "2026-01" in picture
    names = tuple(f"a long name of window {m}" for m in range(MONTHS))
    many = drift.time.model_copy(update={"windows": names, "change_points": ()})
    assert plots.png(time_plots.mix_over_time(many))[:4] == b"\x89PNG"
