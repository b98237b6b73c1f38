import pytest

from labelworks.tasks.report import wording as words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (words.percent(0.1234), "12.3 %"),
        (words.percent(None), "–"),
        (words.points(-0.02), "−2.0"),
        (words.points(0.054), "+5.4"),
        (words.points(-0.0004), "+0.0"),
        (words.percent(-1e-9), "0.0 %"),
        (words.percent(0.12345, 2), "12.35 %"),
        (words.count(1234567), "1,234,567"),
        (words.seconds(59.94), "59.9 s"),
        (words.seconds(125), "2 min 5 s"),
        (words.seconds(119.7), "2 min 0 s"),
        (words.span([0.1, 0.2]), "10.0 % to 20.0 %"),
        (words.span(None), ""),
        (words.plural(1, "row"), "1 row"),
    ],
)
def test_numbers_in_words(text, expected):
    assert text == expected


def test_a_run_that_did_not_change_accuracy_does_not_claim_to_be_better(runs):
    record = runs["published"](validation={"difference": 0.0001})
    assert (
        "one linear probe trained on the treated labels does as well as on the raw ones on held-out"
        in words.verdict(record)
    )
    assert "5.0 points worse" in words.verdict(runs["published"](validation={"difference": -0.05}))
    limit = {"difference": 0.0, "at_limit": True, "accuracy_raw": 1.0, "accuracy_treated": 1.0}
    record = runs["published"](validation=limit | {"interval": [-0.02, 0.0], "model": "forest"})
    assert "the model forest" in words.verdict(record) and "as far as these can tell" in words.verdict(record)
    (told,) = (each for each in words.key_figures(record) if each[0].startswith("accuracy"))
    assert told[1:] == ("+0.0", "100.0 % → 100.0 %; gain −2.0 to +0.0; as much as the held-out rows can tell")


def test_a_published_run_without_figures_has_a_verdict(runs):
    record = runs["published"](noise={}, treatment={}, validation={}, version=None)
    assert words.verdict(record) == "digits is published."


def test_a_refusal_counts_what_else_failed(runs):
    gate = runs["refused"]().gates["detect"]
    three = gate.model_copy(update={"checks": gate.checks * 3})
    text = words.verdict(runs["refused"](gates={"detect": three}))
    assert text.endswith("and 2 other expectations failed.")


def test_figures_that_were_not_reached_are_left_out(runs):
    assert words.key_figures(runs["refused"]()) == [("rows", "0", "")]
