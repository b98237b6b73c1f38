"""The gates' verdicts as JUnit XML, read by a parser that isn't ours."""

from junitparser import Failure, JUnitXml, Skipped

from labelworks.schemas.records import Check, GateResult, RunRecord
from labelworks.tasks.report.junit import junit


def check(name, ok, severity="error", **more):
    given = {"expected": f"{name} ≤ 1", "observed": "2"} | more
    return Check(name=name, ok=ok, severity=severity, **given)


def record(**gates):
    return RunRecord(
        run_id="r1", status="refused", dataset="réviews", version=None, rows=3, work={},
        gates={
            stage: GateResult(stage=stage, ok=all(each.ok for each in checks), checks=checks)
            for stage, checks in gates.items()
        },
        report="report.html", timings={"ingest": 1.5}, started="2026-11-28T10:00:00+00:00",
    )  # fmt: skip


def test_one_case_an_expectation_failures_with_what_was_observed():
    detect = (
        check("max_noise_rate", False, says="too many", unexpected=("a <b> & \x00", "ü")),
        check("max_prior_shift", False, "warning"),
        check("max_drift_effect", True, observed="not measured"),
        check("min_x", True),
    )
    text = junit([record(detect=detect, ingest=(check("min_rows", True),))])
    found = JUnitXml.fromstring(text.encode())
    assert (found.tests, found.failures, found.errors, found.skipped) == (5, 1, 0, 1)
    ingest, judged = found
    assert [suite.name for suite in found] == ["réviews.ingest", "réviews.detect"]
    assert (ingest.tests, ingest.time) == (1, 1.5)
    failed, warned, skipped, passed = judged
    (failure,) = failed.result
    assert isinstance(failure, Failure) and failure.type == "error"
    assert "expected max_noise_rate ≤ 1" in failure.message
    assert "observed: 2" in failure.text and "for example: a <b> & \ufffd, ü" in failure.text
    assert warned.is_passed and warned.system_out.startswith("warning: max_prior_shift: 2, expected")
    assert isinstance(skipped.result[0], Skipped)
    assert passed.is_passed and passed.classname == "réviews.detect"


def test_no_gate_is_an_empty_document():
    assert list(JUnitXml.fromstring(junit([]).encode())) == []
