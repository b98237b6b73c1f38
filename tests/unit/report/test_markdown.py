import base64
import re
from datetime import UTC, datetime

from labelworks.schemas.approval import ApprovalQuestion
from labelworks.schemas.findings import ValidateFigures
from labelworks.schemas.records import Check, DatasetRef, GateResult
from labelworks.schemas.stage_results import ValidateResult
from labelworks.tasks.report import markdown, plots


def one_check(**changes):
    fields = {"name": "a", "ok": False, "severity": "error", "expected": "e", "observed": "o"}
    return GateResult(stage="ingest", ok=False, checks=(Check.model_validate(fields | changes),))


def test_a_gate_is_a_table_with_its_verdict():
    text = markdown.gate_table(one_check(unexpected=("x", "y")))
    assert text.splitlines() == [
        "**The gate after ingest refused the run.**",
        "",
        "|  | check | expected | observed |",
        "| --- | --- | --- | --- |",
        "| fail | a | e | o, e.g. x, y |",
    ]


def test_values_from_the_data_stay_in_their_cell():
    attack = "a|b\n| <script>alert(1)</script> `x` [l](http://h) *b*"
    text = markdown.gate_table(one_check(unexpected=(attack,)))
    assert len(text.splitlines()) == 5
    assert "<script>" not in text
    assert re.search(r"(?<!\\)[\[`*]", text.splitlines()[-1]) is None


def test_a_stage_carries_its_pictures_inline(runs):
    figures = ValidateFigures(validation=runs["published"]().validation)
    result = ValidateResult(
        ref=DatasetRef(run_id="r", dataset="d", uri="u"),
        figures=figures,
        gate=runs["published"]().gates["detect"],
        work={"scored_rows": 1500},
        seconds=2.0,
    )
    png = plots.png(plots.score_histogram(runs["evidence"]()))
    text = markdown.stage(result, {"noise_rate": 0.19612, "missing": None}, {"Scores": png})
    assert "| noise rate | 0.1961 |" in text
    assert "| scored rows | 1,500 |" in text
    (found,) = re.findall(r"!\[Scores\]\(data:image/png;base64,([^)]*)\)", text)
    assert base64.b64decode(found) == png


def test_a_summary_says_how_each_gate_decided(runs):
    text = markdown.summary(runs["refused"]())
    assert "| detect | refused | 1 | 0 |" in text
    assert "- rows: **" in text and "| rows |" not in text  # a list, whose lines are wrapped
    assert "Nothing was published" in text
    assert "(95\N{NO-BREAK SPACE}% interval" in markdown.summary(runs["published"]())


def test_reasons_to_ask_are_no_part_of_the_list_of_figures(runs):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    asked = ApprovalQuestion(
        why=("9 labels would change",), record=runs["published"](), asked=now, deadline=now
    )
    _, reason, figures, *_ = markdown.question(asked).split("\n\n")
    assert reason == "It is asked because: 9 labels would change"
    assert figures.startswith("- rows: **")


def test_a_gate_as_table_rows(runs):
    (row,) = markdown.gate_rows(runs["published"]().gates["detect"])
    assert row["result"] == "warn" and "examples" not in row
    (row,) = markdown.gate_rows(one_check(unexpected=("x", "y")))
    assert row["examples"] == "x, y"
