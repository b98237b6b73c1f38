"""The dataset of a configuration: where it is, and which column is what."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from labelworks.schemas.config.about import AboutConfig
from labelworks.schemas.config.features import Features, check_together
from labelworks.schemas.config.files import CsvConfig, Format, named_columns
from labelworks.schemas.config.labels.class_mapping import check_mapping, read_mapping
from labelworks.schemas.config.labels.hierarchy import Hierarchy, check_hierarchy, read_hierarchy
from labelworks.schemas.config.labels.label_kind import check_label_kind, without_label
from labelworks.schemas.config.labels.rules import LabelModelConfig, RuleConfig
from labelworks.schemas.config.labels.votes import VotesConfig
from labelworks.schemas.config.section import Section

WINDOW = "{window}"
ONE_CLASS_A_ROW = (  # goes with that alone
    "predictions", "votes", "rules", "class_names", "target", "pair", "hierarchy",
)  # fmt: skip
ClassMapping = dict[str, str | int | None]
ReadMapping = BeforeValidator(read_mapping, json_schema_input_type=ClassMapping | str | None)
ReadHierarchy = Annotated[Hierarchy, BeforeValidator(read_hierarchy, json_schema_input_type=Hierarchy)]


class DatasetConfig(Section):
    """Where the labelled data is, and which column is what."""

    name: str = Field(
        "", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$|^$", description="default: the source's name"
    )
    source: str = Field(description="a path, a glob, a folder, or s3://bucket/prefix/")
    format: Format = Field("auto", description="of the files; auto: by their names")
    csv: CsvConfig = CsvConfig()
    id: str | None = Field(None, description="the column of ids; default: rows are named file#row")
    label: str = Field(
        description="the column of labels; left out where votes or rules say them, or rows have shares alone"
    )
    label_kind: str | dict[Literal["column"], str] | None = Field(
        None,
        description="what a label says where it is no single known class: candidates, complementary, "
        "single-positive, soft, bags, or single with rows that have none; {column: name}: as a column says",
    )
    shares: str | None = Field(
        None, description="a column of numbers in the order of classes, of rows of kind soft and bags"
    )
    bag: str | None = Field(None, description="a column that says which bag a row of kind bags is in")
    task: Literal["classification", "multilabel", "regression", "tokens"] = Field(
        "classification",
        description="multilabel: label holds lists of classes; regression: numbers; tokens: lists of tags",
    )
    tag_scheme: Literal["auto", "io", "bio", "bilou", "bioes", "plain"] = Field(
        "auto",
        description="of the task tokens: what tags keep (B-x I-x O …); plain: each stands by itself; auto: "
        "the least scheme that fewest sentences break",
    )
    tag_repair: bool = Field(
        False, description="tags that break the scheme are written anew, where their sentence is put aside"
    )
    votes: VotesConfig = VotesConfig()
    rules: tuple[RuleConfig, ...] = Field(
        (), description="what speaks for a class: labels are made of it, or it stands beside given ones"
    )
    label_model: LabelModelConfig = LabelModelConfig()
    pred_probs: str | None = Field(
        None, description="a column of out-of-sample probabilities, in the order of classes"
    )
    predictions: tuple[str, ...] = Field(
        (), description="columns of what models say: they are ranked by given and by corrected labels"
    )
    pair: str | None = Field(
        None, description="a column of vectors by the other tower of the encoder: which pairs don't match"
    )
    classes: tuple[str | int, ...] | None = Field(None, description="default: the labels that occur")
    class_names: Literal[True] | dict[str | int, str] | None = Field(
        None, description="texts of the classes for zero-shot and label-text; true: the labels themselves"
    )
    class_mapping: Annotated[ClassMapping | None, ReadMapping] = Field(
        None,
        description="what classes become when they are read: `name: other`, or null to put one aside; or a "
        "YAML file of such lines, as `labelworks classes` prints one",
    )
    hierarchy: ReadHierarchy | None = Field(
        None,
        description="which classes are like each other: by class the one above it (`dog: animal`), or what "
        "separates them in names such as animal/dog; people are asked first where labels are far off",
    )
    features: Features
    image_root: str | None = Field(
        None, description="features.image holds paths of images, not their bytes: they are below this folder"
    )
    target: str | None = Field(None, description="an unlabelled window whose class mix may have moved")
    time: str | None = Field(
        None, description="a column of times: what moved along it is told, and it is published with the rows"
    )
    split: str | None = Field(
        None, description="a column that says of each row whether it is for training, validation, test …"
    )
    train_split: str = Field("train", description="its value for the rows that models learn from")
    window: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9.:_-]*$",
        description="what {window} in source and target stands for, or how the time of the rows begins",
    )
    about: AboutConfig = Field(AboutConfig(), description="for people: title, licence, source …")
    storage_options: dict[str, Any] = Field(default_factory=dict, description="for fsspec; no secrets here")

    @model_validator(mode="before")
    @classmethod
    def _known_by_format(cls, data: Any) -> Any:
        """Of `format: images` and CoNLL nothing need be named: their columns have names that are known."""
        known = named_columns(data) if isinstance(data, dict) and not data.get("features") else {}
        return {**data, **{key: data.get(key) or of for key, of in known.items()}} if known else data

    @field_validator("classes", mode="before")
    @classmethod
    def _named_once(cls, classes: Any) -> Any:
        """Boolean labels are kept as the strings `true` and `false`; each class is listed once."""
        if not isinstance(classes, list | tuple):
            return classes
        named = tuple(str(name).lower() if isinstance(name, bool) else name for name in classes)
        if len(set(map(str, named))) < max(len(named), 1):
            raise ValueError("lists a class twice" if named else "lists no class: leave the key out")
        return named

    @model_validator(mode="before")
    @classmethod
    def _labelled_once(cls, data: Any) -> Any:
        """Labels come from a column or from votes; rules go with a column, or take its place."""
        votes = data.get("votes") if isinstance(data, dict) else None
        if isinstance(data, dict) and without_label(data):
            data = {**data, "label": data.get("label") or ""}
        voted = votes.get("source") if isinstance(votes, dict) else getattr(votes, "source", "")
        if isinstance(data, dict) and data.get("rules"):
            if voted:
                raise ValueError("takes votes or rules, not both")
            return {**data, "label": data.get("label") or ""}
        if not voted:
            return data
        if data.get("label"):
            raise ValueError("takes label (a column) or votes, not both")
        if not data.get("id"):
            raise ValueError("votes need an id: the column of the rows that votes.item refers to")
        return {**data, "label": ""}

    @model_validator(mode="after")
    def _observed_as_one_kind(self) -> DatasetConfig:
        if self.label_kind is not None:
            check_label_kind(self.label_kind, self.model_dump() | {"votes": self.votes.source})
        elif self.shares or self.bag:
            raise ValueError("shares and bag go with a label_kind: soft, bags, or {column: name}")
        return self

    @model_validator(mode="after")
    def _rules_have_classes(self) -> DatasetConfig:
        if not self.rules:
            if self.label_model.infer:
                raise ValueError("label_model.infer goes with rules")
            return self
        if self.classes is None and self.label:
            raise ValueError("rules beside given labels need classes: list those that there are")
        if self.classes is None and any(rule.label is None for rule in self.rules):
            raise ValueError("a rule that names the class itself needs classes: list those that there are")
        names = [rule.name for rule in self.rules]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two rules are called {twice!r}: give each a name of its own")
        return self

    @model_validator(mode="after")
    def _probabilities_in_order(self) -> DatasetConfig:
        if self.pred_probs is not None and not self.classes:
            raise ValueError("pred_probs needs classes: the order of its numbers")
        return self

    @model_validator(mode="after")
    def _mapping_leads_to_classes(self) -> DatasetConfig:
        if self.class_mapping is None:
            return self
        others = (("votes", self.votes.source), ("rules", self.rules), ("pred_probs", self.pred_probs))
        for key, given in others:
            if given:
                raise ValueError(f"class_mapping goes with a column of labels alone, not with {key}")
        if self.task == "regression":
            raise ValueError("class_mapping is for classes, not for the task regression")
        check_mapping(self.class_mapping, self.classes)
        return self

    @field_validator("hierarchy")
    @classmethod
    def _a_tree(cls, given: Hierarchy | None) -> Hierarchy | None:
        if given is not None:
            check_hierarchy(given)
        return given

    @model_validator(mode="after")
    def _only_for_one_class_a_row(self) -> DatasetConfig:
        if self.task == "classification":
            return self
        values: dict[str, Any] = self.model_dump() | {"votes": self.votes.source}
        for key in ONE_CLASS_A_ROW + (("classes", "pred_probs") if self.task == "regression" else ()):
            if values[key]:
                raise ValueError(f"{key} goes with the task classification, not with {self.task}")
        return self

    @model_validator(mode="after")
    def _tokens_have_tags(self) -> DatasetConfig:
        if (self.task == "tokens") != (self.features.kind == "tokens"):
            raise ValueError("task: tokens goes with features: {tokens: a column of lists}, and only with it")
        if self.task != "tokens" and (self.tag_scheme != "auto" or self.tag_repair):
            raise ValueError(f"tag_scheme and tag_repair go with the task tokens, not with {self.task}")
        if self.task == "tokens" and self.class_mapping:
            raise ValueError("class_mapping is for classes, not for the task tokens")
        return self

    @model_validator(mode="after")
    def _features_go_together(self) -> DatasetConfig:
        check_together(self.features, self.image_root, self.pair, self.class_names is not None)
        return self

    @model_validator(mode="after")
    def _windowed(self) -> DatasetConfig:
        if self.window is None and WINDOW in f"{self.source}{self.target}{self.votes.source}":
            raise ValueError(f"{WINDOW} needs a window: `--window 2026-01`, or the key dataset.window")
        if self.time_window is not None and self.time is None:
            raise ValueError(f"a window needs dataset.time (a column), or {WINDOW} in dataset.source")
        return self

    @property
    def inferred(self) -> bool:
        """Whether labels are inferred of what was observed, with the help of the features."""
        return self.label_kind is not None or self.label_model.infer

    @property
    def key(self) -> str:
        """Name of the dataset's runs and versions in the store: each window has its own."""
        return self.name if self.window is None else f"{self.name}@{self.window.replace(':', '')}"

    def features_key(self, kind: str) -> str:
        """What names the features of a kind among others, and how they are read."""
        csv, key = self.csv.model_dump(exclude_defaults=True), self.features.key_of(kind)
        return f"{key} {json.dumps(csv)}" if csv else key

    @property
    def time_window(self) -> str | None:
        """How the time of a row begins that belongs to the window; None where files or nothing decide."""
        return None if WINDOW in self.source else self.window

    def place(self, window: str) -> str:
        """Where the files of the source, of the target, or of the votes are."""
        places = {"source": self.source, "target": self.target or self.source, "votes": self.votes.source}
        return places[window].replace(WINDOW, self.window or "")

    @property
    def locations(self) -> dict[str, str]:
        """Every location that is named, by its key."""
        keys = {"source": self.source, "target": self.target, "image_root": self.image_root}
        named = {f"dataset.{key}": location for key, location in keys.items() if location}
        return named | ({"dataset.votes.source": self.votes.source} if self.votes.source else {})

    @property
    def places(self) -> dict[str, Format]:
        """All places whose files decide what a run finds, and the format of each."""
        formats = {self.place("source"): self.format, self.place("target"): self.format}
        if self.image_root is not None:
            formats[self.image_root] = "images"
        return formats | ({self.place("votes"): self.votes.format} if self.votes.source else {})

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: Any) -> Any:
        if isinstance(data, dict) and not data.get("name") and isinstance(data.get("source"), str):
            return {**data, "name": default_name(data["source"])}
        return data


def default_name(source: str) -> str:
    """Name a dataset after the last part of its source."""
    parts = [part for part in PurePosixPath(source.split("://")[-1]).parts if not set(part) & set("*?[/{")]
    stem = unicodedata.normalize("NFKD", parts[-1].split(".")[0] if parts else "")
    letters = "".join(char for char in stem if not unicodedata.combining(char))
    name = "".join(char if char.isascii() and (char.isalnum() or char in "._-") else "-" for char in letters)
    name = name.strip("-._") or "dataset"
    if any(char.isalnum() and not char.isascii() for char in letters):  # names of other scripts stay apart
        return f"{name}-{hashlib.blake2b(stem.encode(), digest_size=3).hexdigest()}"
    return name
