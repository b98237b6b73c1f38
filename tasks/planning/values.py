"""What a config says, as the values that steps take: they know neither its keys nor its sections."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from labelworks.schemas.config.dataset import DatasetConfig
from labelworks.schemas.config.detect import AdaptConfig, DetectConfig, NoiseConfig
from labelworks.schemas.config.features import MIXED, Features
from labelworks.schemas.config.judges import JudgesConfig
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.config.treat import TreatConfig
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.index import LABEL_TYPES
from labelworks.tasks.artifacts.row_extras import made_with_probabilities
from labelworks.tasks.artifacts.vectors.sufficient_statistics import PassOptions
from labelworks.tasks.artifacts.votes.vote_files import VoteSource
from labelworks.tasks.methods.chosen import Chosen
from labelworks.tasks.methods.encoders.base import fit_share, numbers_only, own_units
from labelworks.tasks.methods.findings.performance import PerformanceOptions
from labelworks.tasks.methods.findings.target import ShiftOptions
from labelworks.tasks.methods.inference.prediction_sets import AskedSets
from labelworks.tasks.methods.judge_options import JudgeOptions
from labelworks.tasks.methods.judges.chat import Judge
from labelworks.tasks.methods.judges.panel import Panel
from labelworks.tasks.methods.judges.spending import Price
from labelworks.tasks.methods.treatment.policy import Policy
from labelworks.tasks.methods.validation.arms import arms_of
from labelworks.tasks.methods.validation.before_after import ProofOptions
from labelworks.tasks.planning.rules import read_by_rules, said_of_rules
from labelworks.tasks.sources.class_mapping import ClassMapping
from labelworks.tasks.sources.column_roles import read_as
from labelworks.tasks.sources.columns import Columns, FeaturePart, ObservedColumns
from labelworks.tasks.sources.formats.base import Kind, ReadAs
from labelworks.tasks.sources.source import Source

INDEX_FORMAT = 5  # of what is kept of a partition's rows: another format is another folder


def index_keys(config: RunConfig) -> dict[str, dict[str, str]]:
    """By window and label type, a hash of how ids and labels are read."""
    return {
        window: {label_type: _index_key(config, window, label_type) for label_type in LABEL_TYPES}
        for window in ("source", "target")
    }


def _index_key(config: RunConfig, window: str, label_type: str) -> str:
    data = config.dataset
    source = window == "source"
    label, time = (data.label, [data.time_window, config.reads_time]) if source else (None, None)
    beside = [data.pred_probs, data.pair] if source else []
    mapped = [data.class_mapping] if source and data.class_mapping else []
    ruled = [said_of_rules(data)] if source and data.rules else []
    observed = [data.label_kind, data.shares, data.bag] if source and data.label_kind else []
    judged = [data.features.names, data.time, data.csv.model_dump()]
    said = [
        INDEX_FORMAT,
        data.format,
        data.id,
        label,
        data.classes,
        label_type,
        time,
        *beside,
        *judged,
        *mapped,
        *ruled,
        *observed,
    ]
    return hashlib.blake2b(json.dumps(said).encode(), digest_size=6).hexdigest()


def columns_of(config: RunConfig) -> Columns:
    """Which columns are what."""
    data, detect = config.dataset, config.detect
    return Columns(
        kind=data.features.kind,
        features=data.features.names,
        image_root=data.image_root,
        id=data.id,
        label=data.label,
        task=data.task,
        classes=data.classes,
        observed=observed_of(data),
        mapping=ClassMapping(data.class_mapping, data.window is None) if data.class_mapping else None,
        pred_probs=data.pred_probs,
        pair=data.pair,
        time=data.time,
        tag_scheme=data.tag_scheme,
        tag_repair=data.tag_repair,
        time_window=data.time_window,
        split=data.split,
        groups=detect.groups,
        tabular=detect.columns,
        answers=_answers(config),
        model_probs=detect.performance.pred_probs,
        rule_texts=read_by_rules(data, "matches"),
        rule_values=read_by_rules(data, "where", "function"),
        weighed=policy_of(config.treat).columns,
        ruled=data.label_model.infer,
        of_numbers="columns" not in data.features.kinds
        or numbers_only(config.encoder.of("columns").name, "columns"),
        parts=parts_of(data.features),
    )


def parts_of(features: Features) -> tuple[FeaturePart, ...]:
    """The features of each kind, where there are several; else nothing."""
    kinds = features.kinds if features.kind == MIXED else ()
    return tuple(FeaturePart(kind, features.names_of(kind)) for kind in kinds)


def observed_of(data: DatasetConfig) -> ObservedColumns | None:
    """How rows whose labels are no single known class are read; None where a label is a class."""
    kind = data.label_kind
    if kind is None:
        return None
    named = {"kind": kind} if isinstance(kind, str) else {"column": kind["column"]}
    return ObservedColumns(**named, shares=data.shares, bag=data.bag)


def _answers(config: RunConfig) -> tuple[str, ...]:
    """Columns of what models say: of those that are ranked, and of the one on the target window."""
    own = config.detect.performance.predictions
    return tuple(dict.fromkeys((*config.dataset.predictions, *([own] if own else []))))


def source_of(config: RunConfig, options: dict[str, Any]) -> Source:
    """What opens the rows; options: for fsspec."""
    data, columns = config.dataset, columns_of(config)
    places = {window: data.place(window) for window in ("source", "target")}
    as_written = read_as(columns, data.csv.delimiter, data.csv.encoding)
    return Source(places, columns, as_written, data.format, options, config.reads_time)


def beside_of(data: DatasetConfig) -> tuple[str, ...]:
    """What is read beside labels, of `row_extras.EXTRAS`: what the noise method and the pairs are judged by.

    Probabilities that labels were made with, beside the votes, are in the posterior and not heard twice.
    """
    votes = bool(data.votes.source or data.rules or data.label_kind)
    own = data.pred_probs and not (votes and made_with_probabilities(data.votes.method))
    there = (("pred_probs", own), ("votes", votes), ("pair", data.pair is not None))
    return tuple(name for name, given in there if given)


def votes_of(data: DatasetConfig) -> VoteSource | None:
    """Where votes are, and how they become labels; None where labels are a column."""
    votes, place = data.votes, data.place("votes")
    if not votes.source:
        return None
    kinds: dict[str, Kind] = {votes.item: "string", votes.annotator: "string", votes.label: "label"}
    as_written = ReadAs(kinds, (), votes.csv.delimiter, votes.csv.encoding, "dataset.votes.csv")
    return VoteSource(
        votes.source, place, votes.format, as_written, votes.item, votes.annotator, votes.label, votes.method,
        said=votes.model_dump(mode="json"),
    )  # fmt: skip


def pass_options(config: RunConfig) -> PassOptions:
    """How the embeddings are summed up and sampled."""
    return PassOptions(
        folds=config.detect.folds,
        sample=config.detect.sample,
        beside=beside_of(config.dataset),
        scaled=_own_units(config),
        probes=config.detect.probes,
    )


def _own_units(config: RunConfig) -> bool:
    """Whether each dimension has a unit of its own; vectors of several kinds were scaled to be joined."""
    kind = config.dataset.features.kind
    return kind != MIXED and own_units(config.encoder.name, kind)


def fitted_share(config: RunConfig) -> float:
    """Share of the rows that encoders are fitted on so closely that it shows; 1: no vector shows it.

    Of several encoders the largest: the rows of a smaller one are among them.
    """
    kinds = config.dataset.features.kinds
    shares = [fit_share(config.encoder.of(kind).name, kind) for kind in kinds]
    return max((share for share in shares if share < 1), default=1.0)


def asked_sets(config: RunConfig) -> AskedSets | None:
    """The prediction sets that are to be published: of label sets each label apart."""
    sets = config.treat.prediction_sets
    if sets is None:
        return None
    return AskedSets(sets.coverage, sets.by_class or config.dataset.task == "multilabel")


def judge_options(detect: DetectConfig) -> JudgeOptions:
    """What labels of one class a row are judged by."""
    return JudgeOptions(
        detect.probes, _chosen(detect.adapt), _chosen(detect.noise), detect.query_bank, detect.out_of_scope
    )


def shift_options(detect: DetectConfig) -> ShiftOptions:
    """How a target window is compared with the source."""
    return ShiftOptions(detect.shift.method, detect.drift.method, detect.drift.alpha)


def performance_options(config: RunConfig) -> PerformanceOptions | None:
    """Of which model the performance on the target window is estimated; None: of none."""
    asked = config.detect.performance
    if asked.model is None:
        return None
    value = None if asked.value is None else np.asarray(asked.value, dtype=np.float64)
    return PerformanceOptions(asked.model, asked.pred_probs is not None, asked.predictions, value)


def proof_options(config: RunConfig, most: int | None = None, approved: str = "") -> ProofOptions:
    """How treated labels are compared with the raw ones; most: at most so many labels change.

    approved: the arm that a person approved, "" where nobody did.
    """
    proof = config.validation
    judge, policy = judge_options(config.detect), policy_of(config.treat, most)
    return ProofOptions(judge, policy, proof.model, config.seed, approved)


def arm_policy(config: RunConfig, artifacts: Artifacts) -> Policy:
    """What a version does about labels: as the config says, or by the arm that the validation chose."""
    policy = policy_of(config.treat, artifacts.budget)
    return arms_of(policy)[artifacts.arm] if artifacts.arm else policy


def policy_of(treat: TreatConfig, most: int | None = None) -> Policy:
    """What may be done about labels; most: at most so many change, as a person said."""
    return Policy(
        mode=treat.mode,
        objective=objective_of(treat),
        weights=factors_of(treat),
        min_class_rows=treat.min_class_rows,
        min_effective_share=treat.weights.min_effective_share,
        most=most,
    )


def panel_of(treat: TreatConfig, keys: Mapping[str, str], seed: int) -> Panel | None:
    """The models that are asked about labels, and how; keys: by Secret block. None: nobody is asked."""
    return panel_of_judges(treat.judges, keys, seed, "treat.judges") if treat.judges.models else None


def panel_of_judges(asked: JudgesConfig, keys: Mapping[str, str], seed: int, where: str) -> Panel:
    """The same of their section of the config; where: what messages call it."""
    judges = tuple(
        Judge(
            model=model.model,
            base_url=model.base_url,
            price=Price(model.price_in, model.price_out),
            votes=model.votes,
            temperature=model.temperature,
            answer_tokens=model.answer_tokens,
            image_tokens=model.image_tokens,
            key_env=model.key_env,
            key=keys.get(model.secret or "", ""),
        )
        for model in asked.models
    )
    bounds = (asked.rows, asked.instruction, asked.budget, asked.concurrency, asked.timeout, asked.retries)
    return Panel(judges, *bounds, seed, where)


def objective_of(treat: TreatConfig) -> Chosen:
    """The method that places the cut, with its options."""
    if treat.objective is None:
        return Chosen("threshold", {"threshold": treat.relabel_over})
    if isinstance(treat.objective, str):
        return Chosen(treat.objective)
    ((name, value),) = treat.objective.items()
    return Chosen(name, value if isinstance(value, dict) else {name: value})


def factors_of(treat: TreatConfig) -> tuple[Chosen, ...]:
    """What a row's weight is the product of, each with its options."""
    said: list[dict[str, dict[str, Any]]] = [
        {factor: {}} if isinstance(factor, str) else factor for factor in treat.weights.factors
    ]
    return tuple(Chosen(name, options) for text in said for name, options in text.items())


def _chosen(named: AdaptConfig | NoiseConfig) -> Chosen:
    return Chosen(named.method, named.options)
