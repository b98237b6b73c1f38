"""`dataset.label_kind`: what it needs, and what it doesn't go with."""

from __future__ import annotations

from typing import Any

import pytest

from labelworks.flows.preflight import check_config
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import ConfigError


def config(
    treat: dict[str, Any] | None = None, detect: dict[str, Any] | None = None, **dataset: Any
) -> RunConfig:
    base = {"source": "rows.parquet", "label": "label", "features": {"vector": "v"}, "classes": ["a", "b"]}
    sections = {"treat": treat or {}, "detect": detect or {}}
    return RunConfig.model_validate({"dataset": {**base, **dataset}, **sections})


def test_labels_are_judged_as_inferred() -> None:
    found = config(label_kind="candidates")
    check_config(found)
    assert found.detect.noise.method == "inferred-posterior"
    assert config(label_kind={"column": "kind"}).dataset.label_kind == {"column": "kind"}


def test_shares_need_no_label() -> None:
    raw = {"source": "rows.parquet", "features": {"vector": "v"}, "classes": ["a", "b"], "label_kind": "soft"}
    found = RunConfig.model_validate({"dataset": {**raw, "shares": "p"}})
    assert found.dataset.label == ""


@pytest.mark.parametrize(
    ("dataset", "said"),
    [
        ({"label_kind": "partial"}, "'partial' is none of single, candidates"),
        ({"label_kind": "votes"}, "is dataset.votes, which goes with no other kind: votes lie in a table"),
        ({"label_kind": "rules"}, "is dataset.rules"),
        ({"label_kind": "candidates", "classes": None}, "label_kind needs classes"),
        ({"label_kind": "soft"}, "label_kind soft needs shares"),
        ({"label_kind": "bags", "shares": "p"}, "label_kind bags needs bag"),
        ({"label_kind": {"row": "kind"}}, "column"),
        ({"label_kind": "candidates", "task": "multilabel"}, "not with multilabel"),
        ({"label_kind": "candidates", "pred_probs": "p"}, "doesn't go with pred_probs"),
        ({"label_kind": "candidates", "class_mapping": {"a": "b"}}, "doesn't go with class_mapping"),
        (
            {
                "label_kind": "candidates",
                "rules": [{"name": "r", "label": "a", "matches": "x", "column": "t"}],
            },
            "doesn't go with rules: rules speak before",
        ),
        ({"label_model": {"infer": True}}, "label_model.infer goes with rules"),
        ({"shares": "p"}, "shares and bag go with a label_kind"),
    ],
)
def test_what_it_does_not_go_with(dataset: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        config(**dataset)


def test_no_other_noise_method_judges_inferred_labels() -> None:
    with pytest.raises(ConfigError, match="'auto' judges labels that somebody gave"):
        check_config(config(label_kind="candidates", detect={"noise": {"method": "auto"}}))
    with pytest.raises(ConfigError, match="is of inferred labels"):
        check_config(config(detect={"noise": {"method": "inferred-posterior"}}))


def test_judges_are_not_asked_about_inferred_labels() -> None:
    models = {"models": [{"model": "m", "base_url": "http://localhost:1/v1", "price_in": 0, "price_out": 0}]}
    with pytest.raises(ConfigError, match="not about inferred ones"):
        check_config(config(label_kind="candidates", treat={"judges": {**models, "budget": 1}}))
