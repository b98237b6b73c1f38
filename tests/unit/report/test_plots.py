import io

import numpy as np
import pytest
from PIL import Image

from labelworks.schemas.findings import CalibrationFindings, ConfusedPair
from labelworks.tasks.methods.findings.calibration import AGAINST
from labelworks.tasks.report import plots
from labelworks.tasks.report.evidence import ReportData, ScoreHistogram


def test_pictures_decode_and_hold_ink(runs):
    found = runs["evidence"]()
    for figure in (plots.score_histogram(found), plots.confusions(found), plots.priors(found)):
        with Image.open(io.BytesIO(plots.png(figure))) as picture:
            assert picture.format == "PNG"
            assert np.asarray(picture.convert("L")).std() > 10


def test_nothing_to_draw_is_no_picture():
    empty = ReportData()
    assert plots.score_histogram(empty) is None
    assert plots.confusions(empty) is None
    assert plots.priors(empty) is None
    assert plots.difference(None) is None
    no_rows = ScoreHistogram(np.linspace(0, 1, 3), np.zeros(2, int), np.zeros(2, int))
    assert plots.score_histogram(ReportData(scores=no_rows)) is None


@pytest.mark.parametrize(("size", "drawn"), [(30, True), (31, False)])
def test_many_classes_are_a_list_of_confusions_instead_of_a_matrix(runs, size, drawn):
    axes = plots.confusions(runs["evidence"](size)).axes[0]
    assert bool(axes.images) is drawn
    assert len(axes.patches) == (0 if drawn else plots.MAX_BARS)


def test_the_bars_are_the_priors(runs):
    found = runs["evidence"](4)
    widths = [bar.get_width() for bar in plots.priors(found).axes[0].patches]
    np.testing.assert_allclose(widths, [*found.prior_source, *found.prior_target])


def test_of_many_classes_those_that_moved_most_are_shown(runs):
    source, target = np.full(50, 0.02), np.full(50, 0.02)
    target[[3, 40]] = 0.0, 0.04
    found = runs["evidence"](50, prior_source=source, prior_target=target, prior_interval=None)
    names = [label.get_text() for label in plots.priors(found).axes[0].get_yticklabels()]
    assert {"3", "40"} <= set(names)
    assert len(names) == plots.MAX_BARS


def test_svg_takes_the_colours_of_the_page(runs):
    text = plots.svg(plots.score_histogram(runs["evidence"]()), "scores")
    assert text.startswith("<svg")
    assert "var(--blue)" in text
    assert plots.BLUE not in text


def test_confusions_come_likeliest_first_and_leave_out_what_is_right():
    transition = np.array([[0.7, 0.3, 0.0], [0.1, 0.9, 0.0], [0.0, 0.0, 1.0]])
    found = ReportData(classes=("a", "b", "c"), transition=transition).confusions(15)
    assert found == [
        ConfusedPair(true="a", given="b", probability=0.3),
        ConfusedPair(true="b", given="a", probability=0.1),
    ]


def test_every_model_has_its_line_beside_the_diagonal():
    bins = [{"rows": 9, "said": 0.5, "right": 0.4}, {"rows": 9, "said": 0.9, "right": 0.8}]
    figures = {"against": "", "rows": 18, "error": 0.1, "overconfidence": 0.1, "brier": 0.2, "log_loss": 0.5}
    models = [*AGAINST, "posterior"]
    found = [CalibrationFindings(of=model, bins=bins, **figures) for model in models]
    lines = plots.reliability(found).axes[0].get_lines()
    assert [line.get_label() for line in lines[1:]] == models
    assert len({line.get_color() for line in lines}) == len(lines)
