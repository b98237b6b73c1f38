from html.parser import HTMLParser

import numpy as np
import pytest

from labelworks.schemas.findings import NewClass, TagFindings, UnknownFindings
from labelworks.tasks.artifacts.shown.cells import Cell
from labelworks.tasks.artifacts.shown.contents import Content
from labelworks.tasks.report.evidence import ActionCount, ReportData, WorstRow
from labelworks.tasks.report.html import render

VOID = {"meta", "img", "br", "hr", "link", "input", "wbr"}
ATTACK = "<script>alert(1)</script>\"'&{{ 7*7 }}$x_1$"


class Page(HTMLParser):
    """Reads a page strictly: every tag closed in order; keeps tags, attributes and text."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.urls, self.text = [], [], [], ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.urls += [value for name, value in attrs if name in ("src", "href", "xlink:href")]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data if "style" not in self.open else ""


def page(record, evidence):
    found = Page(render(record, evidence))
    assert "script" not in found.tags
    assert all(url.startswith(("data:image/", "#")) for url in found.urls)
    return found


@pytest.mark.parametrize("size", [2, 10, 31, 150])
@pytest.mark.parametrize("target", [True, False])
def test_a_published_run_of_any_number_of_classes(runs, size, target):
    found = page(runs["published"](), runs["evidence"](size, target))
    for heading in ("What was found", "Rows to look at", "What was changed and why", "Is it better?"):
        assert heading in found.text
    assert "Version 3 of digits is published: 290 of 1,500 labels looked wrong" in found.text
    assert ("target window" in found.text) is target
    assert found.tags.count("svg") == (4 if target else 3)
    assert found.text.count("% likely wrong") == 3


def test_a_run_refused_at_once_has_a_page_that_says_why(runs):
    found = page(runs["refused"](), ReportData())
    assert "the gate after detect asks for noise_rate ≤ 0.6, but found 0.71" in found.text
    assert "it is likelier that the label column or the encoder is" in found.text
    assert "svg" not in found.tags
    assert "Is it better?" not in found.text


def test_nothing_from_the_data_becomes_markup(runs):
    row = WorstRow(ATTACK, ATTACK, ATTACK, 0.9, ATTACK, ATTACK, text=ATTACK)
    evidence = runs["evidence"](
        2,
        names=(ATTACK, "b\x00\n<b>"),
        worst=(row,),
        actions=(ActionCount(ATTACK, ATTACK, 1),),
        flagged=(row, row),
        files={ATTACK: ATTACK},
    )
    record = runs["published"](
        dataset=ATTACK, run_id=ATTACK, config={ATTACK: ATTACK}, work={ATTACK: 1}, code_version=ATTACK
    )
    found = page(record, evidence)
    assert found.text.count("<script>alert(1)</script>") > 15
    assert found.text.count("{{ 7*7 }}") > 15
    assert "$x_1$" in found.text


def test_class_names_in_any_script_are_drawn(runs):
    found = page(runs["published"](), runs["evidence"](2, names=("猫", "ネコ 🐈")))
    assert found.text.count("猫") >= 3


def test_an_image_that_cannot_be_decoded_is_said(runs):
    row = WorstRow("a", 0, 1, 0.9, "review", "unsure", image=b"not an image")
    found = page(runs["published"](), runs["evidence"](2, worst=(row,)))
    assert "The image can't be decoded." in found.text
    assert "img" not in found.tags


def test_large_images_become_small(runs):
    row = WorstRow("a", 0, 1, 0.9, "review", "unsure", image=runs["picture"]((2000, 1500)))
    assert len(render(runs["published"](), runs["evidence"](2, worst=(row,)))) < 300_000


@pytest.mark.parametrize("classes", [(7, 11), ("7", "11"), ("a, b", "ü {}")])
def test_each_class_has_its_weight_whatever_its_name(runs, classes):
    shift = runs["published"]().shift.model_copy(update={"weights": (1.234, 5.678)})
    record = runs["published"](shift=shift, classes=classes)
    text = page(record, runs["evidence"](2, names=classes)).text
    assert [text.index(weight) for weight in ("1.23", "5.68")] == sorted(
        text.index(weight) for weight in ("1.23", "5.68")
    )


def test_the_same_run_gives_the_same_page(runs):
    record, evidence = runs["published"](), runs["evidence"]()
    assert render(record, evidence) == render(record, evidence)


def test_a_run_without_any_noise_draws_no_empty_matrix(runs):
    found = page(runs["published"](), runs["evidence"](3, transition=np.eye(3)))
    assert "Which label is given instead of which" not in found.text


def test_a_row_that_was_not_treated_yet_shows_no_action(runs):
    row = WorstRow("a", 0, 1, 0.9, "", "", text="words")
    html = render(runs["refused"](), runs["evidence"](2, worst=(row,), actions=()))
    assert '<p class="fine">90.0\N{NO-BREAK SPACE}% likely wrong</p>' in html
    assert 'class="action' not in html


def flagged(number, action="relabel", **content):
    return WorstRow(f"r{number}", "cat", "dog", 0.9, action, "why", **({"text": f"text {number}"} | content))


def test_thousands_of_rows_are_paged_without_a_script(runs):
    rows = tuple(flagged(number) for number in range(1234))
    html = render(runs["published"](), runs["evidence"](2, flagged=rows, flagged_rows=4321))
    found = Page(html)
    assert (
        "those that wait for a person first, where a look removes most; the first 1,234 are listed"
        in found.text
    )
    assert found.text.count("text 1233") == 1 and "page 25 of 25" in found.text
    anchors = {url for url in found.urls if url.startswith("#flagged-")}
    assert anchors == {f"#flagged-{number}" for number in range(1, 26)}
    assert all(f'id="{anchor[1:]}"' in html for anchor in anchors)
    assert len(html) < 2_000_000


def test_only_what_was_changed_is_struck_out(runs):
    rows = tuple(flagged(number, action) for number, action in enumerate(("relabel", "review", "keep", "")))
    html = render(runs["published"](), runs["evidence"](2, worst=rows))
    assert html.count("<s>cat</s> → <b>dog</b>") == 1
    assert html.count("perhaps dog?") == 3


def test_one_is_singular(runs):
    noise = runs["published"]().noise.model_copy(update={"flagged": 1, "out_of_scope": 1})
    crowd = {"votes": 1, "annotators": 1, "items": 1, "method": "m", "alpha": 1, "kappa": 1, "quality": 1,
             "lowest": []}  # fmt: skip
    record = runs["published"](noise=noise, crowd=crowd, rows=1)
    text = page(record, runs["evidence"](2, strangest=(flagged(1),))).text
    for words in (
        "1 row is flagged",
        "1 vote of 1 annotator on 1 item.",
        "1 check",
        "1 row like them is left",
    ):
        assert words in text
    assert "2 classes" in text


def test_the_page_says_when_where_and_what_next(runs):
    files = {"published rows": "store/digits/publish <2>", "source": "s3://b/in"}
    record = runs["published"](
        started="2026-11-28T07:40:11+00:00", finished="2026-11-28T07:43:02+00:00",
        config={"store": {"root": "a store"}},
    )  # fmt: skip
    text = page(record, runs["evidence"](2, files=files)).text
    assert "2026-11-28 07:40" in text and "2026-11-28 07:43" in text
    assert "store/digits/publish <2>" in text and "s3://b/in" in text
    assert "labelworks export 8f31c2a9 --joined train.parquet --store 'a store'" in text
    assert "Look at 40 rows left for a person" in text
    refused = page(runs["refused"](), ReportData()).text
    assert "change gates.detect in the config" in refused and "labelworks export" not in refused
    waiting = page(runs["published"](status="waiting", version=None), ReportData()).text
    assert "labelworks approve 8f31c2a9 --store labelworks-store --budget ROWS" in waiting


def test_rows_named_by_their_ids_are_shown_by_what_is_in_them(runs):
    largest = (NewClass(rows=9, share=0.1, examples=("a", "b", "c")),)
    unknown = UnknownFindings(share=0.1, interval=(0, 1), new_classes=1, largest=largest)
    shift = runs["published"]().shift.model_copy(update={"unknown": unknown})
    known = {
        ("target", "a"): Content(text=ATTACK),
        ("target", "b"): Content(image=runs["picture"]()),
        ("source", "c"): Content(text="of another window"),
    }
    found = page(runs["published"](shift=shift), ReportData(examples=known))
    assert ATTACK in found.text and "of another window" not in found.text and "c" in found.text
    assert len([url for url in found.urls if url.startswith("data:image/png")]) == 1


def test_a_sentence_is_shown_with_its_spans_and_nothing_of_it_is_markup(runs):
    pieces = ((ATTACK, None), ("Rome", ATTACK)), (("said", None), ("Rome", "place"))
    row = WorstRow("a", "Rome: x", "Rome: place", 0.9, "review", "", text="t", marks=pieces)
    found = page(runs["published"](), runs["evidence"](2, worst=(row,), flagged=(row,), flagged_rows=1))
    assert found.tags.count("mark") == 2
    assert ATTACK in found.text.replace("\u200b", "")


def test_a_row_of_a_table_is_shown_with_its_columns(runs):
    cells = (Cell("income", "90474", True), Cell(ATTACK, ATTACK), Cell("note", "x" * 300), Cell("gap", ""))
    cells += tuple(Cell(f"sensor {number}", f"{number}.5") for number in range(8))
    row = WorstRow("a", 0, 1, 0.9, "review", "unsure", cells=cells, columns=30)
    html = render(runs["published"](), runs["evidence"](2, worst=(row,), flagged=(row, row)))
    text = page(runs["published"](), runs["evidence"](2, worst=(row,), flagged=(row, row))).text
    assert '<div class="tells"><dt>income</dt>' in html
    assert "at least twice as frequent where the suggested label is given" in text
    assert text.count(ATTACK) >= 6
    assert f"{'x' * 79}…" in text and "x" * 80 not in text
    assert ("24 more columns" in text, "and 18 others" in text, "sensor 7" in text) == (True, True, True)
    assert text.count("sensor 2") == 1  # folded in the card, counted in the list


def test_where_no_label_looks_wrong_few_rows_are_shown_and_it_is_said(runs):
    rows = tuple(WorstRow(f"r{number}", 0, 0, 0.001, "keep", "fine") for number in range(40))
    record = runs["published"]()
    clean = record.model_copy(update={"noise": record.noise.model_copy(update={"flagged": 0})})
    found = page(clean, runs["evidence"](2, worst=rows))
    assert "No label looks wrong. These are the least sure ones." in found.text
    assert ("r5" in found.text, "r6" in found.text) == (True, False)


def test_the_range_of_the_noise_rate_is_no_confidence_interval_and_says_what_it_rests_on(runs):
    record = runs["published"]()
    noise = record.noise.model_copy(update={"rate_reason": "as the probabilities say"})
    text = page(record.model_copy(update={"noise": noise}), runs["evidence"](2)).text
    assert "(between 18.0 % and 21.5 %: as the probabilities say)" in text.replace("\N{NO-BREAK SPACE}", " ")


def test_what_was_changed_says_why_nothing_was(runs):
    record = runs["published"]()
    proof = record.validation.model_copy(update={"why_given": "nothing better is proven"})
    nothing = record.treatment.model_copy(update={"changed_share": 0.0})
    record = record.model_copy(update={"validation": proof})
    assert "No label was changed" not in page(record, runs["evidence"](2)).text  # people changed some
    text = page(record.model_copy(update={"treatment": nothing}), runs["evidence"](2)).text
    assert "No label was changed, and all rows count alike: nothing better is proven." in text
    assert "Treatment:" not in text


def test_classes_of_tags_are_counted_in_tags(runs):
    record = runs["published"]()
    html = render(record, runs["evidence"](2))
    assert ">rows before<" in html and ">tags before<" not in html
    tags = TagFindings(
        scheme="plain", tokens=90, flagged_tokens=2, sentence_rate=0.1, skill=0.5, spans=0,
        boundary_spans=0, type_spans=0, extra_spans=0, missing_spans=0,
    )  # fmt: skip
    noise = record.noise.model_copy(update={"tags": tags})
    assert ">tags before<" in render(record.model_copy(update={"noise": noise}), runs["evidence"](2))
