"""The rules that a config names, looked at before any work begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches

import pyarrow as pa

from labelworks.flows.key_of_error import at_key
from labelworks.schemas.config.dataset import DatasetConfig
from labelworks.schemas.config.labels.rules import RuleConfig
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import ConfigError, InputError, StoreError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.rules.rule import evaluate
from labelworks.tasks.planning.open_run import open_run
from labelworks.tasks.planning.rules import classes_of_rules, rule_of
from labelworks.tasks.sources.files import SourceReader, list_files


def check_rules(config: RunConfig) -> None:
    """Refuse rules that can't be read, speak for a class that there isn't, or don't go with the columns.

    Raises ConfigError with the rule's name (`where`: its key). Where the source can't be looked at, its
    columns aren't: that is said of the source when a run begins.
    """
    data = config.dataset
    if not data.rules:
        return
    with at_key("dataset.label_model.method"):
        registry.get("weak_supervision", data.label_model.method)
    with at_key("dataset.label_model.prior"):
        _is_prior(data.label_model.prior, classes_of_rules(data))
    for place, rule in enumerate(data.rules):
        with at_key(f"dataset.rules.{place}.label"):
            _speaks_for_a_class(rule, data)
        with at_key(f"dataset.rules.{place}.{rule.kind}"), _of_rule(rule.name):
            read = rule_of(rule, data.features.column)
            method = registry.get("rules", read.method)
            registry.check_options(method.target, dict(read.options))
            _has_texts(rule, data)
    rows = _no_rows(config)
    for place, rule in enumerate(data.rules if rows is not None else ()):
        with at_key(f"dataset.rules.{place}.{'column' if rule.column else rule.kind}"):
            evaluate(rows, [rule_of(rule, data.features.column)], classes_of_rules(data))


def _no_rows(config: RunConfig) -> pa.Table | None:
    """The columns of the first file of the source, without a row; None where they can't be looked at."""
    try:
        run = open_run(config, "", {})
        place = config.dataset.place("source")
        files = [file for file in list_files(place, config.dataset.format, run.source.options) if file.size]
        if not files:
            return None
        first = files[0]
        reader = SourceReader(
            place, first.path, first.format, run.source.options, first.name, run.source.read_as
        )
        return reader.look().schema.empty_table()
    except (InputError, StoreError):
        return None


def _speaks_for_a_class(rule: RuleConfig, data: DatasetConfig) -> None:
    classes = [str(name) for name in classes_of_rules(data)]
    if rule.label is None or str(rule.label) in classes:
        return
    near = get_close_matches(str(rule.label), classes, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ConfigError(
        f"rule {rule.name!r} speaks for {rule.label!r}, which is none of dataset.classes",
        fix=f"{hint}classes: {', '.join(classes)}",
    )


def _has_texts(rule: RuleConfig, data: DatasetConfig) -> None:
    if rule.matches is not None and rule.column is None and data.features.text is None:
        raise ConfigError("no texts", fix="name the column of the texts: column: …")


def _is_prior(prior: Mapping[str | int, float] | None, classes: Sequence[str | int]) -> None:
    if prior is None:
        return
    named, known = {str(name) for name in prior}, {str(name) for name in classes}
    if named != known or min(prior.values()) <= 0 or abs(sum(prior.values()) - 1) > 1e-3:
        raise ConfigError(
            f"the prior names {', '.join(sorted(named))}, and its shares sum to {sum(prior.values()):.4g}",
            fix=f"give the share of each class, more than 0, summing to 1: {', '.join(sorted(known))}",
        )


@contextmanager
def _of_rule(name: str) -> Iterator[None]:
    """Name the rule."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"rule {name!r}: {error.what}", where=error.where, fix=error.fix) from error
