"""The kinds of methods, in the order of the pipeline: what each is for, and what its methods must be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from labelworks.tasks.methods.protocols import content, features, labels, noise, shift, treatment

Stage = Literal["ingest", "embed", "detect", "treat", "validate"]


@dataclass(frozen=True)
class Kind:
    """One kind of method.

    stage: which asks for it; key: the config key that names one, or asks for the only one, if there is one;
    keys: of methods by name that another key asks for, or none.
    inputs: what its methods may need beside what all are given. protocol: what they must be; where one of
    `by_need` is needed, that protocol instead. Without any the methods are functions on arrays, and what they
    need are the names of their arguments. also: protocols that a method may keep to beside it.
    given: the keywords by which a need is given, where it isn't by its name; options: those needs that come
    as an option. folders: of its methods, below `tasks/methods`, where it isn't one of its own name.
    """

    stage: Stage
    about: str
    inputs: tuple[str, ...] = ()
    protocol: type | None = None
    by_need: Mapping[str, type] = field(default_factory=dict)
    also: tuple[type, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None
    keys: Mapping[str, str | None] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    reads_columns: bool = False

    def protocols_of(self, needs: tuple[str, ...], uses: tuple[str, ...]) -> tuple[type, ...]:
        """What a method must be with what it needs, and what it uses too; none: a function of these."""
        said = (tuple(needs), (*needs, *uses))
        protocols = (
            next((self.by_need[need] for need in text if need in self.by_need), self.protocol)
            for text in said
        )
        return tuple(dict.fromkeys(protocol for protocol in protocols if protocol))

    def keywords(self, needs: tuple[str, ...]) -> tuple[str, ...]:
        """The keywords by which a method with such needs is given them, row by row."""
        return tuple(self.given[need] for need in needs if need in self.given)


KINDS = {
    "crowd": Kind(
        "ingest", "labels made of the votes of several people", ("pred_probs",), labels.CrowdMethod,
        {"pred_probs": labels.CrowdWithModel}, key="dataset.votes.method",
    ),
    "rules": Kind(
        "ingest", "what speaks for a class in the columns of a row", (), labels.RuleFunction,
        key="dataset.rules",
    ),
    "weak_supervision": Kind(
        "ingest", "labels made of what rules say", (), labels.RulesMethod,
        key="dataset.label_model.method",
    ),
    "encoders": Kind(
        "embed", "vectors made of a column", ("a service",), features.EncoderMethod, key="encoder.name",
        reads_columns=True, folders=("encoders", "encoders.tables"),
    ),
    "adapt": Kind(
        "detect", "a map of the vectors before the probes", ("sums",), features.AdaptMethod,
        key="detect.adapt.method",
    ),
    "probes": Kind(
        "detect", "out-of-sample probabilities of the classes",
        ("sums", "rows", "class_names", "words", "random_features", "cells"), features.SumsProbe,
        {"rows": features.RowsProbe, "class_names": features.NamesProbe, "words": features.WordsProbe,
         "random_features": features.MappedProbe, "cells": features.CellsProbe},
        key="detect.probes", folders=("probes", "probes.trees"),
    ),
    "noise": Kind(
        "detect", "wrong labels of one class a row",
        ("pred_probs", "features", "neighbours", "neighbour_weights", "votes", "class_names"),
        noise.NoiseModel, also=(noise.JudgesChecked, noise.PlacesCut),
        given={"features": "features", "votes": "votes", "neighbours": "neighbour_labels",
               "neighbour_weights": "neighbour_weights"},
        options={"class_names": "class_vectors"}, key="detect.noise.method",
    ),
    "multilabel": Kind(
        "detect", "wrong labels of several a row", ("labels", "pred_probs"), noise.LabelSetModel,
        key="detect.noise.method",
    ),
    "regression": Kind(
        "detect", "wrong numbers", ("labels", "predictions"), noise.NumberModel,
        key="detect.noise.method",
    ),
    "content": Kind(
        "detect", "what is odd about texts and images themselves", (), content.ContentMethod,
        key="detect.content", folders=("content.text", "content.image"), reads_columns=True,
    ),
    "duplicates": Kind("detect", "near-duplicates and their labels", ("labels", "features")),
    "pairs": Kind("detect", "pairs that don't belong together", ("left", "right"), key="dataset.pair",
                  folders=("noise",)),
    "open_set": Kind(
        "detect", "rows of none of the classes",
        ("labels", "pred_probs", "features", "score", "sums", "probs", "target_probs", "target_features",
         "novelty", "target_novelty", "unknown"),
    ),
    "propagation": Kind(
        "detect", "probabilities made of the labels of neighbours", ("labels", "neighbours", "classes"),
        folders=("noise",),
    ),
    "prior": Kind(
        "detect", "the class mix of an unlabelled window", ("labels", "probs", "target_probs"),
        shift.PriorMethod, key="detect.shift.method", folders=("label_shift",),
    ),
    "correction": Kind(
        "detect", "probabilities under another class mix, and labels by them",
        ("target_probs", "prior", "labelled", "target"), folders=("label_shift",),
    ),
    "drift": Kind(
        "detect", "whether the features of two windows differ", ("features",), shift.DriftMethod,
        key="detect.drift.method",
    ),
    "shift_kind": Kind(
        "detect", "which kind of shift there is",
        ("labels", "probs", "features", "target_probs", "target_features"), folders=("drift",),
    ),
    "columns": Kind("detect", "how far tabular columns moved", ("reference", "current"), folders=("drift",)),
    "groups": Kind(
        "detect", "parts of the dataset looked at apart",
        ("features", "labels", "wrong", "groups", "classes", "count"), folders=("drift",),
    ),
    "windows": Kind(
        "detect", "several windows in their order",
        ("labels", "probs", "target_probs", "features", "windows", "classes", "counts", "noise_transition",
         "p_value", "reference", "current"),
        folders=("label_shift", "drift"),
    ),
    "performance": Kind(
        "detect", "how good a model is on rows without labels",
        ("labels", "probs", "target_probs", "predictions", "target_predictions", "features",
         "target_features"),
        key="detect.performance",
    ),
    "benchmarks": Kind(
        "detect", "how wrong labels change a ranking of models", ("labels", "corrected", "predictions"),
        folders=("validation",),
    ),
    "relabel": Kind("treat", "from which claim on a label changes", ("claims", "transition"),
                    treatment.RelabelMethod, key="treat.objective", folders=("treatment.relabel",)),
    "label_kind": Kind(
        "treat", "what an imprecise label says of a row", ("propensity", "bags", "pred_probs"),
        treatment.LabelKindMethod,
        {"propensity": treatment.LabelKindByPropensity, "bags": treatment.LabelKindOfGroups},
        key="dataset.label_kind",
        keys={"none": "dataset.label_kind.column", "rules": "dataset.label_model.infer", "votes": None},
        folders=("treatment.imprecise",),
    ),
    "weights": Kind("treat", "one factor of what a row counts for in training",
                    ("prior", "posterior", "counts", "features", "target", "column"), treatment.WeightsMethod,
                    key="treat.weights.factors", folders=("treatment.weights",)),
    "models": Kind("validate", "the model that labels are compared by", ("features", "weight"),
                   treatment.ModelMethod, key="validate.model", folders=("validation.models",)),
}  # fmt: skip
