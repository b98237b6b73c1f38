"""The rules of a config, as the values that steps take."""

from __future__ import annotations

from typing import Any

from labelworks.schemas.config.dataset import DatasetConfig
from labelworks.schemas.config.labels.rules import RuleConfig
from labelworks.tasks.artifacts.label_codes import label_type_of, spelled
from labelworks.tasks.artifacts.votes.rule_votes import RuleSource, shares_of
from labelworks.tasks.methods.rules.rule import Rule


def rules_of(data: DatasetConfig) -> tuple[Rule, ...]:
    """The rules of a dataset; ConfigError where one can't be read."""
    return tuple(rule_of(rule, data.features.column) for rule in data.rules)


def rule_of(rule: RuleConfig, texts: str) -> Rule:
    """A rule as it looks at rows; ConfigError where what it looks for can't be read.

    texts: the column that a pattern is looked for in, where the rule names none.
    """
    if rule.where is not None:
        return Rule.on_condition(rule.name, rule.label, rule.where)
    if rule.matches is not None:
        column = rule.column or texts
        return Rule.matching(rule.name, rule.label, column, rule.matches, ignore_case=rule.ignore_case)
    return Rule(rule.name, str(rule.function), rule.label, rule.columns, rule.options)


def rule_source(data: DatasetConfig, label_type: str) -> RuleSource | None:
    """The rules, and how they become labels; None where there are none. label_type: of given labels."""
    if not data.rules:
        return None
    classes = classes_of_rules(data)
    kind = label_type if data.label else label_type_of(classes)
    model = data.label_model
    return RuleSource(
        rules_of(data), spelled(classes, kind), kind, data.label, model.method,
        shares_of(model.prior, classes), infer=model.infer,
        said=[said_of_rules(data), model.model_dump(mode="json")],
    )  # fmt: skip


def classes_of_rules(data: DatasetConfig) -> tuple[str | int, ...]:
    """The classes of the config, or those that rules speak for."""
    said = {rule.label for rule in data.rules if rule.label is not None}
    return data.classes or tuple(sorted(said, key=lambda each: (isinstance(each, str), each)))


def said_of_rules(data: DatasetConfig) -> Any:
    """All that decides what rules say of a row."""
    return [[rule.model_dump(mode="json") for rule in data.rules], data.label, data.classes]


def read_by_rules(data: DatasetConfig, *kinds: str) -> tuple[str, ...]:
    """The columns that rules of some kinds read."""
    rules = [rule_of(rule, data.features.column) for rule in data.rules if rule.kind in kinds]
    return tuple(dict.fromkeys(column for rule in rules for column in rule.columns))
