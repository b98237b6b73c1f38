"""What may be done about labels, and to what end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from labelworks.tasks.methods.chosen import Chosen
from labelworks.tasks.methods.registry import get

PROPOSED = 0.9  # of the changes are right, where the validation is to choose
EVEN = 0.5  # a change is worth it where the new label is likelier right than wrong


@dataclass(frozen=True)
class Policy:
    """The mode, the methods that decide and weigh, and their bounds.

    objective: the method of kind `relabel` that places the cut, with its options. weights: those of kind
    `weights` whose product a row counts for. min_class_rows: no label changes into or out of a class of fewer
    rows. min_effective_share: the product is clipped where rows would count for less than this share of them.
    most: at most so many labels change, as a person said; None: nobody did. passes: over 1, where rows
    are judged again, at most so often in all, by probes of the labels that the pass before would give them.
    """

    mode: Literal["reweight", "relabel", "both", "none"]
    objective: Chosen
    weights: tuple[Chosen, ...]
    min_class_rows: int
    min_effective_share: float
    most: int | None = None
    passes: int = 1

    def for_share(self, share: float) -> Policy:
        """The policy of a share of the rows, of which as large a share may be changed."""
        most = None if self.most is None else round(self.most * share)
        options = dict(self.objective.options)
        if "budget" in options:
            options["budget"] = round(options["budget"] * share)
        return replace(self, objective=Chosen(self.objective.method, options), most=most)

    @property
    def relabels(self) -> bool:
        """Whether labels may change."""
        return self.mode in ("relabel", "both")

    @property
    def reweighs(self) -> bool:
        """Whether rows may count for less."""
        return self.mode in ("reweight", "both")

    @property
    def factors(self) -> tuple[Chosen, ...]:
        """What makes the weight of a row in this mode: where labels alone are treated, trust in them."""
        if self.mode == "relabel":
            return (Chosen("right"),)
        return self.weights if self.reweighs else ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the dataset that factors read."""
        named = (factor.options.get("column") for factor in self.factors)
        return tuple(dict.fromkeys(str(name) for name in named if name))

    def without_columns(self) -> Policy:
        """The same where no column is at hand: factors that read one are left out."""
        return replace(
            self, weights=tuple(weight for weight in self.weights if not weight.options.get("column"))
        )

    def needs(self, given: str, without: str = "") -> bool:
        """Whether a factor is made of an input of its kind; without: and not of this one."""
        methods = (get("weights", factor.method) for factor in self.factors)
        inputs = ({*method.needs, *method.uses} for method in methods)
        return any(given in names and without not in names for names in inputs)

    @property
    def chooses(self) -> bool:
        """Whether the validation is to choose what is done."""
        return self.objective.method == "auto"

    @property
    def promised(self) -> float | None:
        """The share of right changes that the objective promises; None: it promises none."""
        if self.chooses:
            return PROPOSED
        share = self.objective.options.get("precision")
        return None if share is None else float(share)

    @property
    def alone(self) -> float:
        """The claim from which a change serves the objective by itself, whatever other rows claim."""
        if self.chooses:
            return PROPOSED
        options = self.objective.options
        return float(options.get("precision", options.get("threshold", EVEN)))
