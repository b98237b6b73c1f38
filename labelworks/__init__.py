"""Find wrong labels and shifted distributions in a dataset, treat them, prove it, publish a new version.

`import labelworks as lw` is the front door for notebooks and scripts: docs/python.md shows it. Each name is
imported when it is first used, so that the import itself costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labelworks.flows.notebook.ask_judges import ask_judges
    from labelworks.flows.notebook.audits.audited_coefficients import estimate_coefficients
    from labelworks.flows.notebook.audits.audited_estimates import estimate_with_audit, sample_audit
    from labelworks.flows.notebook.audits.decisions import record_decisions
    from labelworks.flows.notebook.audits.label_examples import choose_examples
    from labelworks.flows.notebook.audits.queue import review_queue
    from labelworks.flows.notebook.audits.votes_test import test_votes
    from labelworks.flows.notebook.class_audit import audit_classes
    from labelworks.flows.notebook.curation import curate
    from labelworks.flows.notebook.drift import test_drift
    from labelworks.flows.notebook.faults.content_issues import find_content_issues
    from labelworks.flows.notebook.faults.leakage import find_leakage
    from labelworks.flows.notebook.faults.poison import find_poison
    from labelworks.flows.notebook.faults.shortcuts import find_shortcuts
    from labelworks.flows.notebook.faults.unlearnable import find_unlearnable
    from labelworks.flows.notebook.inferred_label_sets import infer_label_sets
    from labelworks.flows.notebook.inferred_labels import infer_labels
    from labelworks.flows.notebook.label_errors import find_label_errors
    from labelworks.flows.notebook.models.calibration_error import test_calibration
    from labelworks.flows.notebook.models.model_ranks import rank_models
    from labelworks.flows.notebook.models.performance import estimate_performance
    from labelworks.flows.notebook.models.prediction_sets import prediction_sets
    from labelworks.flows.notebook.multilabel_errors import find_multilabel_errors
    from labelworks.flows.notebook.prior import estimate_prior
    from labelworks.flows.notebook.pseudo_labels import pseudo_labels
    from labelworks.flows.notebook.regression_errors import find_regression_errors
    from labelworks.flows.notebook.results.method_table import methods
    from labelworks.flows.notebook.rule_labels import aggregate_rules, label_by_rules
    from labelworks.flows.notebook.runs.compared_runs import compare_runs
    from labelworks.flows.notebook.tokens.token_errors import find_token_errors
    from labelworks.flows.notebook.treat import treat
    from labelworks.flows.notebook.votes import aggregate_votes
    from labelworks.schemas.errors import ConfigError, GateRefused, InputError, LabelworksError, StoreError
    from labelworks.tasks.gates.expectations import (
        ExpectEffectiveSampleSize,
        ExpectNoiseRateBetween,
        ExpectPriorsWithin,
    )

__all__ = [
    "ConfigError",
    "ExpectEffectiveSampleSize",
    "ExpectNoiseRateBetween",
    "ExpectPriorsWithin",
    "GateRefused",
    "InputError",
    "LabelworksError",
    "StoreError",
    "aggregate_rules",
    "aggregate_votes",
    "ask_judges",
    "audit_classes",
    "choose_examples",
    "compare_runs",
    "curate",
    "estimate_coefficients",
    "estimate_performance",
    "estimate_prior",
    "estimate_with_audit",
    "find_content_issues",
    "find_label_errors",
    "find_leakage",
    "find_multilabel_errors",
    "find_poison",
    "find_regression_errors",
    "find_shortcuts",
    "find_token_errors",
    "find_unlearnable",
    "infer_label_sets",
    "infer_labels",
    "label_by_rules",
    "methods",
    "prediction_sets",
    "pseudo_labels",
    "rank_models",
    "record_decisions",
    "review_queue",
    "sample_audit",
    "test_calibration",
    "test_drift",
    "test_votes",
    "treat",
]

_HOMES = {
    "aggregate_rules": "labelworks.flows.notebook.rule_labels",
    "aggregate_votes": "labelworks.flows.notebook.votes",
    "ask_judges": "labelworks.flows.notebook.ask_judges",
    "audit_classes": "labelworks.flows.notebook.class_audit",
    "find_leakage": "labelworks.flows.notebook.faults.leakage",
    "find_shortcuts": "labelworks.flows.notebook.faults.shortcuts",
    "find_poison": "labelworks.flows.notebook.faults.poison",
    "find_unlearnable": "labelworks.flows.notebook.faults.unlearnable",
    "choose_examples": "labelworks.flows.notebook.audits.label_examples",
    "compare_runs": "labelworks.flows.notebook.runs.compared_runs",
    "curate": "labelworks.flows.notebook.curation",
    "estimate_coefficients": "labelworks.flows.notebook.audits.audited_coefficients",
    "estimate_with_audit": "labelworks.flows.notebook.audits.audited_estimates",
    "sample_audit": "labelworks.flows.notebook.audits.audited_estimates",
    "estimate_performance": "labelworks.flows.notebook.models.performance",
    "estimate_prior": "labelworks.flows.notebook.prior",
    "find_content_issues": "labelworks.flows.notebook.faults.content_issues",
    "find_label_errors": "labelworks.flows.notebook.label_errors",
    "find_multilabel_errors": "labelworks.flows.notebook.multilabel_errors",
    "find_regression_errors": "labelworks.flows.notebook.regression_errors",
    "find_token_errors": "labelworks.flows.notebook.tokens.token_errors",
    "infer_label_sets": "labelworks.flows.notebook.inferred_label_sets",
    "infer_labels": "labelworks.flows.notebook.inferred_labels",
    "label_by_rules": "labelworks.flows.notebook.rule_labels",
    "methods": "labelworks.flows.notebook.results.method_table",
    "prediction_sets": "labelworks.flows.notebook.models.prediction_sets",
    "pseudo_labels": "labelworks.flows.notebook.pseudo_labels",
    "rank_models": "labelworks.flows.notebook.models.model_ranks",
    "record_decisions": "labelworks.flows.notebook.audits.decisions",
    "review_queue": "labelworks.flows.notebook.audits.queue",
    "test_calibration": "labelworks.flows.notebook.models.calibration_error",
    "test_drift": "labelworks.flows.notebook.drift",
    "test_votes": "labelworks.flows.notebook.audits.votes_test",
    "treat": "labelworks.flows.notebook.treat",
    **dict.fromkeys(
        ("ConfigError", "GateRefused", "InputError", "LabelworksError", "StoreError"),
        "labelworks.schemas.errors",
    ),
    **dict.fromkeys(
        ("ExpectEffectiveSampleSize", "ExpectNoiseRateBetween", "ExpectPriorsWithin"),
        "labelworks.tasks.gates.expectations",
    ),
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(_unknown(name), name=name)
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, __all__, n=1)
    return f"labelworks has no {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")
