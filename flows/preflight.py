"""The methods that a config names, and their options, looked at before any work begins."""

from __future__ import annotations

from typing import Any

import numpy as np

from labelworks.flows.key_of_error import at_key
from labelworks.flows.preflight_rules import check_rules
from labelworks.infra.cluster.cluster_class import check_cluster
from labelworks.infra.cluster_rules import check_scheduler
from labelworks.infra.schedule import check_schedule
from labelworks.schemas.config.detect import DetectConfig
from labelworks.schemas.config.features import MIXED
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.config.treat import TreatConfig
from labelworks.schemas.errors import ConfigError
from labelworks.tasks.exports import check_exports
from labelworks.tasks.gates import check_gates
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.chosen import Chosen
from labelworks.tasks.methods.drift.base import drift_test
from labelworks.tasks.methods.encoders.base import Encoder
from labelworks.tasks.methods.encoders.base import make as make_encoder
from labelworks.tasks.methods.encoders.importing import needed
from labelworks.tasks.methods.noise.detection import make as make_noise
from labelworks.tasks.methods.openai_service import OpenAIService
from labelworks.tasks.methods.probes.ensemble import sees_vectors
from labelworks.tasks.methods.statistics.sums import ClassSums
from labelworks.tasks.planning.values import factors_of, objective_of
from labelworks.tasks.treat.judging.row_contents import KINDS

INFERRED = "inferred-posterior"  # the noise method of labels that are inferred


def check_config(config: RunConfig) -> None:
    """Refuse methods, gates, forms, clusters, schedules that there are not: ConfigError, `where` its key."""
    check_methods(config)
    check_gates(config.gates)
    check_exports(config.publish.also)
    check_cluster(config)
    check_scheduler(config.compute.scheduler)
    check_schedule(config)
    check_judges(config)


def check_judges(config: RunConfig) -> None:
    """Refuse judges that can't be asked about these rows, or whose key would go where it may not."""
    judges, data = config.treat.judges.models, config.dataset
    with at_key("treat.judges"):
        if judges and data.task != "classification":
            raise ConfigError(f"judges are for one class a row, not for {data.task}", fix="leave it out")
        if judges and data.inferred:
            raise ConfigError(
                "judges are asked about given labels, not about inferred ones", fix="leave it out"
            )
        if judges and data.features.kind not in KINDS:
            shown = "rows of several kinds" if data.features.kind == MIXED else f"a {data.features.kind}"
            raise ConfigError(f"judges can't be shown {shown}", fix=f"they see {', '.join(KINDS)}")
    for place, judge in enumerate(judges):
        OpenAIService(judge.base_url, judge.key_env, f"treat.judges.models.{place}", "base_url")
    if judges:
        needed("openai", "openai", by="a judge", where="treat.judges")


def check_methods(config: RunConfig) -> None:
    """Look up every method that the config names; raise ConfigError (`where`: its key) with the choices."""
    encoder, noise, shift = config.encoder, config.detect.noise, config.detect.shift
    check_rules(config)
    named = config.dataset.class_names is not None
    for kind in config.dataset.features.kinds:
        chosen = encoder.of(kind)
        with at_key(f"{encoder.where(kind)}.name"):
            made = make_encoder(chosen.name, kind, chosen.options)
            if named:
                _reads_names(made)
    with at_key("detect.adapt.method"):
        registry.get("adapt", config.detect.adapt.method)
    with at_key("detect.adapt.options"):
        _takes(config.detect.adapt.method, config.detect.adapt.options)
    for position, probe in enumerate(config.detect.probes):
        with at_key(f"detect.probes.{position}"):
            _has_names(registry.get("probes", probe), named)
    with at_key("detect.probes"):
        _one_sees_vectors(config.detect.probes)
    with at_key("detect.query_bank"):
        _bank_is_used(config)
    with at_key("validate.model"):
        registry.get("models", config.validation.model)
    if config.dataset.task == "tokens":
        _judges_tags(config)
        return
    if config.dataset.task != "classification":
        _judges_other_labels(config)
        return
    with at_key("detect.noise.method"):
        _is_of_inferred(noise.method, config.dataset.inferred)
        _sees_what_a_run_has(noise.method, _votes(config))
        _has_names(registry.get("noise", noise.method), named)
    with at_key("detect.noise.options"):
        make_noise(noise.method, noise.options | _names_to_try(noise.method))
    if named:
        _names_are_used(config)
    with at_key("detect.shift.method"):
        registry.get("prior", shift.method)
    with at_key("detect.drift.method"):
        drift_test(config.detect.drift.method)
    with at_key("dataset.votes.method"):
        _makes_labels(config.dataset.votes.method, config.dataset.pred_probs is not None)
    _check_treatment(config)


def _check_treatment(config: RunConfig) -> None:
    """The methods that place the cut and that weigh, their options, and what they need."""
    _check_objective(config.treat)
    with at_key("treat.weights.factors"):
        for factor in factors_of(config.treat):
            registry.check_weights(factor)
            _has_target(factor, config.dataset.target)


def _has_target(factor: Chosen, target: str | None) -> None:
    """Without a target window such a factor would be 1 for every row."""
    if "target" in registry.get("weights", factor.method).needs and not (
        target or factor.options.get("column")
    ):
        raise ConfigError(
            f"{factor.method!r} needs a target window, and there is none",
            fix="set dataset.target, or leave the factor out",
        )


def _check_objective(treat: TreatConfig) -> None:
    with at_key("treat.objective"):
        registry.check_chosen("relabel", objective_of(treat))


def _votes(config: RunConfig) -> bool:
    """Whether something says what the class of each row is by itself, beside the label."""
    data = config.dataset
    return bool(data.votes.source or data.rules or data.label_kind)


def _is_of_inferred(name: str, inferred: bool) -> None:
    """Inferred labels have heard the probes: any other method would judge them by these once more."""
    if inferred == (name == INFERRED):
        return
    if inferred:
        what = (
            f"{name!r} judges labels that somebody gave, and dataset.label_kind says that they are inferred"
        )
        raise ConfigError(what, fix=f"leave it out, or say {INFERRED}")
    raise ConfigError(f"{name!r} is of inferred labels", fix="set dataset.label_kind, or take another method")


def _sees_what_a_run_has(name: str, votes: bool) -> None:
    """Votes are there where the dataset has some; all else a run has."""
    if "votes" in registry.get("noise", name).needs and not votes:
        raise ConfigError(
            f"{name!r} needs votes, which this run doesn't have",
            fix="set dataset.votes or dataset.rules, or take another method",
        )


def _makes_labels(name: str, probabilities: bool) -> None:
    """Votes are aggregated before anything is embedded, so without the probes' opinion."""
    if "pred_probs" in registry.get("crowd", name).needs and not probabilities:
        raise ConfigError(
            f"{name!r} needs pred_probs, and the probes have none before labels are made",
            fix="name a column of your model's in dataset.pred_probs, or take auto: "
            "detect.noise.method: crowd-posterior adds the probes' opinion",
        )


def _judges_tags(config: RunConfig) -> None:
    """Tags of tokens: each is judged as a row of one class."""
    noise = config.detect.noise
    _is_not_of_classes(config)
    with at_key("treat.prediction_sets"):
        if config.treat.prediction_sets is not None:
            raise ConfigError("prediction sets are of labels of rows, not of tokens", fix="leave it out")
    with at_key("detect.noise.method"):
        _sees_what_a_run_has(noise.method, votes=False)
        _has_names(registry.get("noise", noise.method), named=False)
    with at_key("detect.noise.options"):
        make_noise(noise.method, noise.options)


def _is_not_of_classes(config: RunConfig) -> None:
    """What is looked at, and weighed, of one class a row alone."""
    task = config.dataset.task
    looked_at = ["shift", "drift", "groups", "slices", "columns"]
    for key in looked_at if task == "multilabel" else [*looked_at, "windows"]:
        with at_key(f"detect.{key}"):
            if getattr(config.detect, key) != getattr(DetectConfig(), key):
                raise ConfigError(f"detect.{key} is not looked at for {task}", fix="leave it out")
    _check_objective(config.treat)
    with at_key("treat.weights"):
        if config.treat.weights != TreatConfig().weights:
            raise ConfigError(f"treat.weights is for one class a row, not for {task}", fix="leave it out")
    with at_key("treat.audited"):
        if config.treat.audited:
            raise ConfigError(f"audited rows are of one class a row, not of {task}", fix="leave it out")


def _judges_other_labels(config: RunConfig) -> None:
    """Several labels a row, or numbers: methods of a kind of their own."""
    task, noise = config.dataset.task, config.detect.noise
    _is_not_of_classes(config)
    with at_key("detect.noise.method"):
        registry.get(task, noise.method)
    with at_key("detect.noise.options"):
        registry.make(task, Chosen(noise.method, noise.options))


def _reads_names(encoder: Encoder) -> None:
    if not encoder.reads_names:
        raise ConfigError(
            "dataset.class_names are given, and this encoder reads no texts",
            fix="take an encoder of texts, or open-clip for images",
        )


def _has_names(method: registry.Method, named: bool) -> None:
    if "class_names" in method.needs and not named:
        raise ConfigError(
            f"{method.name!r} needs the class names",
            fix="set dataset.class_names: texts by class, or `true` for the labels themselves",
        )


def _one_sees_vectors(probes: tuple[str, ...]) -> None:
    if not any(map(sees_vectors, probes)):
        raise ConfigError(
            "no probe of the vectors",
            fix="name one of them, as lda, beside those of words and of random features",
        )


def _names_are_used(config: RunConfig) -> None:
    chosen = [("probes", probe) for probe in config.detect.probes] + [("noise", config.detect.noise.method)]
    if not any("class_names" in registry.get(*method).needs for method in chosen):
        raise ConfigError(
            "nothing uses the class names",
            where="dataset.class_names",
            fix="add zero-shot to detect.probes, or take the noise method label-text",
        )


def _bank_is_used(config: RunConfig) -> None:
    zero_shot = any("class_names" in registry.get("probes", probe).needs for probe in config.detect.probes)
    if config.detect.query_bank and not zero_shot:
        raise ConfigError(
            "nothing uses the query bank", fix="add zero-shot to detect.probes, or leave it out"
        )


def _names_to_try(noise: str) -> dict[str, Any]:
    """Class vectors for a method that can't be made without, as long as there are none."""
    return {"class_vectors": [[1.0]]} if "class_names" in registry.get("noise", noise).needs else {}


def _takes(adapt: str, options: dict[str, Any]) -> None:
    """Options that the method doesn't have, or that it refuses, seen on three rows."""
    target = registry.get("adapt", adapt).target
    registry.check_options(target, options)
    target(ClassSums(np.array([2.0, 1.0]), np.array([[2.0, 1.0], [0.0, 1.0]]), np.eye(2) * 3), **options)
