"""Rules, one label: what labelling functions say of rows, and how far each is believed."""

from labelworks.tasks.methods.weak_supervision.aggregation import RuleLabels, aggregate_rules
from labelworks.tasks.methods.weak_supervision.patterns import Patterns
from labelworks.tasks.methods.weak_supervision.rule_sums import RuleSums

__all__ = ["Patterns", "RuleLabels", "RuleSums", "aggregate_rules"]
