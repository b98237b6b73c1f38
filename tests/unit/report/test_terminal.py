import io

from rich.console import Console

from labelworks.schemas.findings import RenamedClass
from labelworks.tasks.report import terminal


def printed(renderable):
    console = Console(file=io.StringIO(), width=120)
    console.print(renderable)
    return console.file.getvalue()


def test_a_summary_holds_the_verdict_figures_warnings_and_the_report(runs):
    text = printed(terminal.summary(runs["published"]()))
    assert "Version 3 of digits is published" in text
    assert "19.6 % (18.0 % to 21.5 %)" in text
    assert "max_noise_rate (warn)" in text
    assert "max_noise_rate: When most labels look wrong" in text
    assert "Report: store/digits/runs/8f31c2a9/report.html" in text


def test_labels_that_a_class_mapping_renamed_and_put_aside_are_counted_apart(runs):
    mapping = (
        RenamedClass(name="Cat", become="cat", labels=20),
        RenamedClass(name="CAT", become="cat", labels=1),
        RenamedClass(name="junk", become=None, labels=30),
    )
    text = printed(terminal.summary(runs["published"](renamed_classes=mapping)))
    said = "2 names made 1 class, 1 class put aside (21 labels renamed, 30 labels put aside)"
    assert said in " ".join(text.split())


def test_names_from_the_data_are_not_markup(runs):
    assert "[red]x[/nope]" in printed(terminal.summary(runs["published"](dataset="[red]x[/nope]")))


def test_the_demo_shows_found_beside_true():
    found = {
        "noise": {"precision": 0.91, "recall": 0.89, "rate": 0.196, "true_rate": 0.2},
        "prior": {"7": {"estimated": 0.31, "true": 0.3}},
        "prior_mae": 0.0123,
        "accuracy": {"raw": 0.9, "treated": 0.95, "clean": 0.97},
    }
    lines = [line.split() for line in printed(terminal.demo(found, "r.html")).splitlines()]
    assert ["noise", "rate", "19.6", "%", "20.0", "%"] in lines
    assert ["new", "window:", "share", "of", "7", "31.0", "%", "30.0", "%"] in lines
    assert ["accuracy,", "trained", "on", "the", "true", "labels", "97.0", "%"] in lines
    assert ["Report:", "r.html"] in lines
