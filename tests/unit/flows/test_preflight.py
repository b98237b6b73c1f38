"""A config's methods are looked up before any work begins."""

from __future__ import annotations

from typing import Any

import pytest

from labelworks.flows.preflight import check_methods
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import ConfigError

DATASET = {"source": "data", "label": "label", "features": {"text": "text"}}


def config(**sections: Any) -> RunConfig:
    return RunConfig.model_validate({"dataset": DATASET, **sections})


def test_the_defaults_name_methods_that_there_are() -> None:
    check_methods(config())


@pytest.mark.parametrize(
    ("sections", "key", "choice"),
    [
        ({"encoder": {"name": "tf-idf"}}, "encoder.name", "tfidf"),
        ({"detect": {"probes": ["lda", "rige"]}}, "detect.probes.1", "ridge"),
        ({"detect": {"noise": {"method": "confident"}}}, "detect.noise.method", "confident-learning"),
        ({"detect": {"shift": {"method": "em-bct"}}}, "detect.shift.method", "em-bcts"),
        ({"detect": {"drift": {"method": "drift"}}}, "detect.drift.method", "classifier"),
        ({"detect": {"drift": {"method": "elsa"}}}, "detect.drift.method", "mmd"),
        ({"validate": {"model": "multinomal"}}, "validate.model", "multinomial"),
    ],
)
def test_an_unknown_method_names_its_key_and_the_choices(
    sections: dict[str, Any], key: str, choice: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        check_methods(config(**sections))
    assert caught.value.where == key
    assert choice in caught.value.fix.split("choices: ")[1]


def test_options_that_a_method_does_not_have_are_named() -> None:
    with pytest.raises(ConfigError) as caught:
        check_methods(config(encoder={"name": "tfidf", "options": {"colour": 3}}))
    assert (caught.value.where, "colour" in caught.value.what) == ("encoder.options", True)
    with pytest.raises(ConfigError) as caught:
        check_methods(config(detect={"noise": {"options": {"colour": 3}}}))
    assert (caught.value.where, "colour" in caught.value.what) == ("detect.noise.options", True)


def test_an_encoder_of_another_kind_of_feature_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        check_methods(config(encoder={"name": "pixels"}))
    assert caught.value.where == "encoder.name"
    assert "image" in caught.value.what


def test_a_noise_method_that_needs_what_a_run_lacks_is_refused() -> None:
    with pytest.raises(ConfigError, match="needs votes") as caught:
        check_methods(config(detect={"noise": {"method": "crowd-posterior"}}))
    assert "dataset.votes" in caught.value.fix


def test_a_drift_test_is_refused_where_a_prior_is_to_be_estimated() -> None:
    with pytest.raises(ConfigError, match="unknown prior method 'mmd'"):
        check_methods(config(detect={"shift": {"method": "mmd"}}))


@pytest.mark.parametrize(
    ("task", "sections", "key"),
    [
        ("multilabel", {"detect": {"noise": {"method": "auto"}}}, "detect.noise.method"),
        ("multilabel", {"detect": {"noise": {"options": {"method": "mean"}}}}, "detect.noise.options"),
        ("multilabel", {"detect": {"noise": {"options": {"fdr": 0.1}}}}, "detect.noise.options"),
        ("regression", {"detect": {"noise": {"options": {"fdr": 2}}}}, "detect.noise.options"),
        ("regression", {"treat": {"objective": "unheard-of"}}, "treat.objective"),
        ("multilabel", {"treat": {"objective": {"accuracy": {"colour": 3}}}}, "treat.objective"),
    ],
)
def test_what_labels_of_another_task_do_not_know_is_refused(
    task: str, sections: dict[str, Any], key: str
) -> None:
    changed = RunConfig.model_validate({"dataset": DATASET | {"task": task}, **sections})
    with pytest.raises(ConfigError) as caught:
        check_methods(changed)
    assert caught.value.where == key


def test_labels_of_another_task_have_options_of_their_own() -> None:
    for task, options in (("multilabel", {"method": "ema"}), ("regression", {"fdr": 0.2})):
        noise = {"detect": {"noise": {"options": options}}}
        check_methods(RunConfig.model_validate({"dataset": DATASET | {"task": task}, **noise}))


def test_crowdlab_needs_a_column_of_probabilities() -> None:
    votes = {"source": "votes", "method": "crowdlab"}
    dataset = {"source": "data", "id": "id", "features": {"text": "text"}, "votes": votes}
    with pytest.raises(ConfigError, match="crowdlab") as caught:
        check_methods(RunConfig.model_validate({"dataset": dataset}))
    assert caught.value.where == "dataset.votes.method"
    assert "dataset.pred_probs" in caught.value.fix
    named = dataset | {"pred_probs": "p", "classes": ["a", "b"]}
    check_methods(RunConfig.model_validate({"dataset": named}))


@pytest.mark.parametrize("task", ["multilabel", "regression"])
@pytest.mark.parametrize(
    "detect",
    [
        {"groups": ["site"]},
        {"columns": ["age"]},
        {"slices": 3},
        {"shift": {"method": "elsa"}},
        {"drift": {"method": "mmd"}},
        {"windows": {"by": "month"}},
    ],
)
def test_what_is_not_looked_at_for_other_labels_is_refused(task: str, detect: dict[str, Any]) -> None:
    asked = RunConfig.model_validate({"dataset": DATASET | {"task": task}, "detect": detect})
    (key,) = detect
    if (task, key) == ("multilabel", "windows"):
        check_methods(asked)
        return
    with pytest.raises(ConfigError, match=f"not looked at for {task}") as caught:
        check_methods(asked)
    assert caught.value.where == f"detect.{key}"


@pytest.mark.parametrize("task", ["multilabel", "regression"])
def test_audited_rows_and_unknown_models_are_refused_for_other_labels(task: str) -> None:
    data = DATASET | {"task": task}
    for sections, where in (
        ({"treat": {"audited": "looked.csv"}}, "treat.audited"),
        ({"validate": {"model": "nonsense"}}, "validate.model"),
    ):
        with pytest.raises(ConfigError) as caught:
            check_methods(RunConfig.model_validate({"dataset": data, **sections}))
        assert caught.value.where == where


@pytest.mark.parametrize("factor", ["covariates", "propensity"])
def test_weights_by_a_target_need_one(factor: str) -> None:
    treat = {"weights": {"factors": ["right", factor]}}
    with pytest.raises(ConfigError, match=f"'{factor}' needs a target window") as caught:
        check_methods(RunConfig.model_validate({"dataset": DATASET, "treat": treat}))
    assert caught.value.where == "treat.weights.factors"
    check_methods(RunConfig.model_validate({"dataset": DATASET | {"target": "new"}, "treat": treat}))
    given = {"weights": {"factors": [{"propensity": {"column": "p"}}]}}
    check_methods(RunConfig.model_validate({"dataset": DATASET, "treat": given}))


@pytest.mark.parametrize(
    ("sections", "why"),
    [
        ({"treat": {"audited": "looked.csv"}}, "audited rows are of one class a row, not of tokens"),
        ({"treat": {"prediction_sets": {}}}, "prediction sets are of labels of rows, not of tokens"),
        ({"detect": {"groups": ["who"]}}, "detect.groups is not looked at for tokens"),
        ({"detect": {"noise": {"method": "residuals"}}}, "unknown noise method 'residuals'"),
        ({"encoder": {"name": "tfidf"}}, "encoder 'tfidf' reads text, but the features are tokens"),
    ],
)
def test_what_no_run_of_tags_takes(sections: dict[str, Any], why: str) -> None:
    tokens = RunConfig.model_validate({"dataset": {"source": "data.conll", "format": "conll"}, **sections})
    with pytest.raises(ConfigError, match=why):
        check_methods(tokens)
