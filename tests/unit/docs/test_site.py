"""The site: its links lead to the repository's files, pages have places, nothing comes from other hosts."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from labelworks.flows.notebook.audits.audited_coefficients import RegressionEstimates
from labelworks.flows.notebook.audits.audited_estimates import AuditEstimates
from labelworks.flows.notebook.audits.decisions import Recorded
from labelworks.flows.notebook.audits.label_examples import LabelExamples
from labelworks.flows.notebook.audits.queue import RowsToReview
from labelworks.flows.notebook.audits.votes_test import VotesTest
from labelworks.flows.notebook.class_audit import ClassAudit
from labelworks.flows.notebook.curation import Curation
from labelworks.flows.notebook.drift import Drift
from labelworks.flows.notebook.faults.content_issues import ContentIssues
from labelworks.flows.notebook.faults.leakage import SplitLeaks
from labelworks.flows.notebook.faults.poison import PoisonedRegions
from labelworks.flows.notebook.faults.shortcuts import Shortcuts
from labelworks.flows.notebook.faults.unlearnable import UnlearnableRows
from labelworks.flows.notebook.inferred_label_sets import InferredLabelSets
from labelworks.flows.notebook.inferred_labels import InferredLabels
from labelworks.flows.notebook.label_errors import LabelErrors
from labelworks.flows.notebook.models.calibration_error import CalibrationTest
from labelworks.flows.notebook.models.model_ranks import ModelRanks
from labelworks.flows.notebook.models.performance import Performance
from labelworks.flows.notebook.models.prediction_sets import PredictionSets
from labelworks.flows.notebook.multilabel_errors import MultilabelErrors
from labelworks.flows.notebook.prior import Prior
from labelworks.flows.notebook.pseudo_labels import PseudoLabels
from labelworks.flows.notebook.regression_errors import RegressionErrors
from labelworks.flows.notebook.results.judgement import Judgement
from labelworks.flows.notebook.results.ruled_labels import RuledLabels
from labelworks.flows.notebook.results.treatment import Treatment
from labelworks.flows.notebook.runs.compared_runs import ComparedRuns
from labelworks.flows.notebook.tokens.token_errors import TokenErrors
from labelworks.flows.notebook.votes import VotedLabels

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def hook() -> Any:
    spec = importlib.util.spec_from_file_location("labelworks_site", ROOT / ".ci/site.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("page", "link", "turned"),
    [
        ("stores.md", "dask.md#memory", "dask.md#memory"),
        ("dask.md", "../infra/dask/slurm.yaml", "infra/dask/slurm.yaml"),
        ("large-data.md", "../benchmarks/results/scale.md#scale", "benchmarks/results/scale.md#scale"),
        ("decisions/0001-libraries.md", "../../README.md#start", "../index.md#start"),
        ("index.md", "docs/noise.md", "noise.md"),
        ("index.md", "CONTRIBUTING.md", "CONTRIBUTING.md"),
        ("benchmarks/RESULTS.md", "../docs/images/run.png", "../images/run.png"),
    ],
)
def test_links_lead_to_the_same_file(hook: Any, page: str, link: str, turned: str) -> None:
    assert hook.relinked(f"see [it]({link}), or not", page) == f"see [it]({turned}), or not"


@pytest.mark.parametrize(
    "text", ["[x](https://a.example/b)", "[x](#here)", "```\n[x](../y.md)\n```", "`a[0](1)`x"]
)
def test_addresses_anchors_and_code_stay(hook: Any, text: str) -> None:
    assert hook.relinked(text, "decisions/0001-libraries.md") == text


def test_every_page_has_a_place_and_every_package_of_methods_a_reference(hook: Any) -> None:
    config = SimpleNamespace(nav=yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"])
    named = re.findall(r"[\w/.-]+\.md", str(hook.on_config(config).nav))
    assert len(named) == len(set(named))
    assert {path.name for path in (ROOT / "docs").glob("*.md")} <= set(named)
    packages = {path.parent.name for path in (ROOT / "tasks/methods").glob("*/__init__.py")}
    assert {f"reference/{name}.md" for name in packages | {"labelworks"}} <= set(named)
    assert {f"decisions/{path.name}" for path in (ROOT / "docs/decisions").iterdir()} <= set(named)


def test_the_reference_of_the_front_door_has_every_result(hook: Any) -> None:
    page = hook.reference()["reference/labelworks.md"]
    named = re.findall(r"^::: labelworks\.flows\.notebook\.(?:\w+\.)?(\w+)\.(\w+)$", page, re.MULTILINE)
    results = {
        AuditEstimates,
        CalibrationTest,
        ClassAudit,
        ComparedRuns,
        ContentIssues,
        Curation,
        Drift,
        InferredLabelSets,
        InferredLabels,
        Judgement,
        LabelErrors,
        LabelExamples,
        ModelRanks,
        MultilabelErrors,
        Performance,
        PoisonedRegions,
        PredictionSets,
        Prior,
        PseudoLabels,
        Recorded,
        RegressionErrors,
        RegressionEstimates,
        RowsToReview,
        RuledLabels,
        Shortcuts,
        SplitLeaks,
        TokenErrors,
        Treatment,
        UnlearnableRows,
        VotedLabels,
        VotesTest,
    }
    assert sorted(named) == sorted((result.__module__.rsplit(".")[-1], result.__name__) for result in results)


@pytest.mark.parametrize(
    ("tag", "foreign"),
    [
        ('<script src="https://cdn.example/x.js">', True),
        ('<link rel="stylesheet" href="//fonts.example/x.css">', True),
        ("<img src=http://a.example/x.png>", True),
        ('<script src="../assets/x.js">', False),
        ('<a href="https://a.example/">', False),
    ],
)
def test_what_is_loaded_from_another_host_fails(hook: Any, tag: str, foreign: bool) -> None:
    page = SimpleNamespace(file=SimpleNamespace(src_uri="x.md"))
    if not foreign:
        assert hook.on_post_page(tag, page) == tag
        return
    with pytest.raises(Exception, match="loads from another host"):
        hook.on_post_page(tag, page)
