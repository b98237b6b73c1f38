"""Arms of the comparison: what may become of the labels, each a policy."""

from __future__ import annotations

from dataclasses import replace

from labelworks.tasks.methods.chosen import Chosen
from labelworks.tasks.methods.treatment.policy import Policy

GIVEN = "given"  # labels as they are, all of weight 1
WEIGHTS = "weights"
PROPOSED = "proposed"  # as the config says
LIKELIEST = "likeliest"  # the most likely class of each row
AGAIN = "again"  # the same, judged again by probes of those classes
PASSES = 3  # of these, at most: each makes fewer labels wrong, and the fourth hardly any
WORDS = {
    GIVEN: "the given labels",
    WEIGHTS: "the given labels, with weights",
    PROPOSED: "labels and weights as treat asks",
    LIKELIEST: "the most likely class of each row",
    AGAIN: "the most likely class of each row, judged again by models of these",
}
SHORT = {
    GIVEN: "given",
    WEIGHTS: "given, weighted",
    PROPOSED: "treated",
    LIKELIEST: "treated",
    AGAIN: "treated twice",
}


def arms_of(policy: Policy) -> dict[str, Policy]:
    """The arms of a policy by name, the given labels first; none changes what the mode leaves alone.

    Only where the objective leaves it to the validation are there others than the one that was asked for.
    """
    arms = {GIVEN: replace(policy, mode="none")}
    if policy.mode == "both" and policy.chooses:
        arms[WEIGHTS] = replace(policy, mode="reweight")
    if policy.mode != "none":
        arms[PROPOSED] = policy
    if policy.relabels and policy.chooses:
        arms[LIKELIEST] = replace(policy, objective=Chosen("accuracy"))
        arms[AGAIN] = replace(arms[LIKELIEST], passes=PASSES)
    return arms
