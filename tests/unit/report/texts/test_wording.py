import pytest

from labelworks.schemas.findings import PropertyFindings, RulesFindings, ShortcutFindings
from labelworks.schemas.percentages import percent
from labelworks.tasks.report.html import render
from labelworks.tasks.report.texts import shortcut_text, wording
from labelworks.tasks.report.texts.key_figures import key_figures
from labelworks.tasks.report.texts.steps import next_steps
from labelworks.tasks.report.texts.verdict import verdict


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (percent(0.1234), "12.3 %"),
        (percent(None), "–"),
        (wording.points(-0.02), "−2.0"),
        (wording.points(0.054), "+5.4"),
        (wording.points(-0.0004), "+0.0"),
        (wording.decimal(-0.0184, 3), "−0.018"),
        (wording.decimal(-0.0004, 3), "0.000"),
        (percent(-1e-9), "0.0 %"),
        (percent(0.12345, 2), "12.35 %"),
        (wording.count(1234567), "1,234,567"),
        (wording.seconds(59.94), "59.9 s"),
        (wording.seconds(125), "2 min 5 s"),
        (wording.seconds(119.7), "2 min 0 s"),
        (wording.span([0.1, 0.2]), "10.0 % to 20.0 %"),
        (wording.span(None), ""),
        (wording.plural(1, "row"), "1 row"),
    ],
)
def test_numbers_in_words(text, expected):
    assert text == expected


def proven(runs, **changes):
    return runs["published"](validation=runs["published"]().validation.model_copy(update=changes))


def test_a_run_that_did_not_change_accuracy_does_not_claim_to_be_better(runs):
    record = proven(runs, difference=0.0001)
    assert (
        "one linear probe trained on the treated labels does as well as on the raw ones on held-out"
        in verdict(record)
    )
    assert "5.0 points worse" in verdict(proven(runs, difference=-0.05))
    limit = {"difference": 0.0, "at_limit": True, "accuracy_raw": 1.0, "accuracy_treated": 1.0}
    record = proven(runs, **limit, interval=(-0.02, 0.0), model="forest")
    said = verdict(record)
    assert "the model forest" in said and "as far as these can tell" in said
    (told,) = (each for each in key_figures(record) if each[0].startswith("accuracy"))
    assert told[1:] == ("+0.0", "100.0 % → 100.0 %; gain −2.0 to +0.0; as much as the held-out rows can tell")


def test_an_objective_that_abstains_says_so_in_the_verdict_and_the_report(runs):
    note = "no label was changed: labels <i> come of another class"
    treated = runs["published"]().treatment.model_copy(
        update={"relabel": 0, "objective": "precision", "objective_note": note}
    )
    record = runs["published"](treatment=treated)
    assert f"40 left for a person to review ({note})" in verdict(record)
    assert "Of the objective <code>precision</code>: no label was changed: labels &lt;i&gt;" in render(
        record, runs["evidence"](2, False)
    )


def test_a_published_run_without_figures_has_a_verdict(runs):
    record = runs["published"](noise={}, treatment={}, validation={}, version=None)
    assert verdict(record) == "digits is published."


def test_a_refusal_counts_what_else_failed(runs):
    gate = runs["refused"]().gates["detect"]
    three = gate.model_copy(update={"checks": gate.checks * 3})
    text = verdict(runs["refused"](gates={"detect": three}))
    assert text.endswith("and 2 other expectations failed.")


def test_figures_that_were_not_reached_are_left_out(runs):
    assert key_figures(runs["refused"]()) == [("rows", "0", "")]


@pytest.mark.parametrize(
    ("label", "text"),
    [(2955096.43, "2955096"), (0.1 + 0.2, "0.3"), (1e-7, "1e-07"), (3e20, "3e+20"), (14.0, "14")],
)
def test_numbers_are_written_as_people_write_them(label, text):
    assert wording.written(label) == text


def test_rows_that_were_put_aside_are_among_the_figures(runs):
    assert all(name != "rows put aside" for name, _, _ in key_figures(runs["published"]()))
    told = {name: value for name, value, _ in key_figures(runs["published"](rejected_rows=12))}
    assert told["rows put aside"] == "12"


@pytest.mark.parametrize(("gain", "told"), [(0.0004, 0), (0.2, 1)])
def test_what_tells_next_to_nothing_of_the_label_is_not_called_a_shortcut(gain, told):
    length = PropertyFindings(name="length", p_value=0.001, tells=True, gain=gain, accuracy=0.3, chance=0.29)
    assert len(shortcut_text.sentences(ShortcutFindings(rows=9, properties=(length,)))) == told


def test_what_it_carries_is_said_once(runs):
    said = [
        {name: (value, note) for name, value, note in key_figures(proven(runs, published=arm))}
        for arm in ("given", "likeliest")
    ]
    assert [figures["labels published"] for figures in said] == [
        ("given", ""),
        ("treated", "the most likely class of each row"),
    ]


def test_labels_made_of_rules_are_not_called_given(runs):
    record = proven(runs, published="given", why_given="nothing better is proven")
    assert "it carries the given labels, with flags" in verdict(record)
    ruled = record.model_copy(
        update={
            "rules": RulesFindings(
                method="majority",
                rows=9,
                covered=8,
                coverage=0.9,
                conflicts=0.1,
                prior=(),
                rules=(),
                prior_given=False,
            )
        }
    )
    assert "it carries the labels made of rules, with flags" in verdict(ruled)
    assert ("labels published", "as made of rules", "") in key_figures(ruled)
    decided = ruled.model_copy(update={"treatment": ruled.treatment.model_copy(update={"review": 0})})
    assert [step for step in next_steps(decided) if "the labels are as made of rules" in step.text]


def test_the_verdict_says_by_what_the_treated_labels_are_better(runs):
    said = verdict(proven(runs, interval=(-0.005, 0.021), difference=0.008, gain_interval=(0.01, 0.03)))
    assert "0.8 points better than on the raw ones on held-out rows (95 % interval −0.5 to +2.1)" in said
    assert "what is proven is that it foretells held-out labels better (log score)" in said
    assert "log score" not in verdict(proven(runs, interval=(0.002, 0.021), gain_interval=(0.01, 0.03)))
    numbers = verdict(proven(runs, measure="variance explained", model="ridge"))
    assert "a ridge regression trained on the treated labels does" in numbers
    assert "points better in variance explained than on the raw ones" in numbers


def test_doubted_labels_that_stay_as_given_are_to_be_looked_at(runs):
    steps = [step.command for step in next_steps(proven(runs, why_given="nothing better is proven"))]
    assert any(command.startswith("labelworks review export") for command in steps)


def test_a_check_of_what_was_not_measured_did_not_pass(runs):
    (check, *_) = runs["published"]().gates["detect"].checks
    nothing = check.model_copy(update={"ok": True, "observed": "not measured"})
    assert wording.state(nothing) == "skip"
    assert wording.state(nothing.model_copy(update={"observed": "0.2"})) == "pass"
