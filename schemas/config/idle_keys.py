"""Keys that a config names and that count for nothing, as the others are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from labelworks.schemas.config.section import Section

if TYPE_CHECKING:
    from labelworks.schemas.config.run import RunConfig

LOCAL_CLUSTER = ("compute.workers", "compute.memory", "compute.spill")
VOTES = ("format", "csv", "item", "annotator", "label", "method")
TARGET = ("detect.shift.method", "detect.drift.method", "detect.drift.alpha")
ONE_CLASS_A_ROW = ("detect.out_of_scope", "detect.poison")
OF_PROBES = ("detect.probes", "detect.adapt", "validate.model")
JUDGES = ("rows", "budget", "instruction", "concurrency", "timeout", "retries", "audited")
CHANGES = ("treat.objective", "treat.relabel_over", "treat.min_class_rows", "treat.audited")


def idle_keys(config: RunConfig) -> list[tuple[str, str]]:
    """Dotted keys that the config names and that change nothing, each with what makes it so."""
    named = set(_named(config, ""))
    return [(key, why) for keys, why in would_be_idle(config) for key in keys if key in named]


def _named(section: Section, above: str) -> Iterator[str]:
    """Dotted keys that were given, by their YAML names; of lists no deeper ones."""
    for name in section.model_fields_set:
        key = above + (type(section).model_fields[name].alias or name)
        yield key
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from _named(value, f"{key}.")


def would_be_idle(config: RunConfig) -> Iterator[tuple[tuple[str, ...], str]]:
    """Keys that would change nothing if they were named, and why."""
    data, detect, treat = config.dataset, config.detect, config.treat
    if data.split is None:
        yield ("dataset.train_split",), "there is no dataset.split"
    if not data.votes.source:
        yield tuple(f"dataset.votes.{key}" for key in VOTES), "there is no dataset.votes.source"
    if not data.rules:
        yield ("dataset.label_model.method", "dataset.label_model.prior"), "there are no dataset.rules"
    if data.format not in ("auto", "csv"):
        yield ("dataset.csv",), f"dataset.format is {data.format}"
    if data.target is None:
        yield TARGET, "there is no dataset.target"
    if data.target is None and not config.reads_time:
        yield ("detect.columns",), "there is no dataset.target, and no time that is cut into windows"
    if data.time is None:
        yield ("detect.windows.by",), "there is no dataset.time"
    if detect.groups:
        yield ("detect.slices",), "detect.groups are looked at instead"
    yield from _idle_of_task(data.task)
    yield from _idle_of_treatment(config)
    if treat.approve_over is None:
        yield ("treat.approve_within",), "nobody is asked: there is no treat.approve_over"
    if not treat.judges.models:
        yield tuple(f"treat.judges.{key}" for key in JUDGES), "there are no treat.judges.models"
    trend = config.gates.trend
    if not trend.model_dump(exclude={"severity"}, exclude_none=True):
        yield ("gates.trend.severity",), "gates.trend has no limit"
    yield from _idle_of_machines(config)


def _idle_of_task(task: str) -> Iterator[tuple[tuple[str, ...], str]]:
    why = f"dataset.task is {task}"
    if task != "classification":
        yield ONE_CLASS_A_ROW, why
    if task in ("multilabel", "regression"):
        yield OF_PROBES, f"{why}, which ridge regression judges and proves"
    if task == "regression":
        yield ("treat.min_class_rows",), why


def _idle_of_treatment(config: RunConfig) -> Iterator[tuple[tuple[str, ...], str]]:
    mode = config.treat.mode
    if mode in ("reweight", "none"):
        yield CHANGES, f"treat.mode is {mode}: no label changes"
    if mode in ("relabel", "none"):
        yield ("treat.weights.factors",), f"treat.mode is {mode}: rows aren't weighed by factors"
    if mode == "none":
        yield ("validate.publish_when",), "treat.mode is none: the labels are published as given"


def _idle_of_machines(config: RunConfig) -> Iterator[tuple[tuple[str, ...], str]]:
    compute = config.compute
    if compute.scheduler:
        yield LOCAL_CLUSTER, "compute.scheduler has workers of its own"
    if compute.cluster_class:
        yield ("compute.memory",), "it is a matter of compute.cluster_kwargs"
    if compute.gpu == "off":
        yield ("compute.gpu_cores",), "compute.gpu is off"
    if config.schedule.cron is None:
        yield ("schedule.timezone",), "there is no schedule.cron"
    if not config.reprocess.watch:
        yield ("reprocess.poll",), "reprocess.watch is false"
