"""Which column of a dataset is what, as far as reading its rows depends on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from labelworks.tasks.sources.class_mapping import ClassMapping


@dataclass(frozen=True)
class ObservedColumns:
    """How rows whose labels are no single known class are read.

    kind: of all rows, or empty where a column says which. shares, bag: names of columns; None: there is none.
    """

    kind: str = ""
    column: str | None = None
    shares: str | None = None
    bag: str | None = None

    @property
    def columns(self) -> list[str]:
        """Columns besides that of the labels."""
        return [name for name in (self.column, self.shares, self.bag) if name]


@dataclass(frozen=True)
class FeaturePart:
    """The features of one kind: the names of their columns, of all kinds but `columns` one."""

    kind: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Columns:
    """Names of columns by what they are for; None or empty: there is none.

    features: of all kinds but `columns` and `mixed` one. parts: of `mixed` those of each kind. of_numbers:
    whether `columns` are numbers alone. image_root: the
    folder below which the paths of images are that the features then are. label: empty where votes or rules
    say it. classes: None: those that occur. mapping: what classes become when they are read. split: that
    says what a row is for. tabular: columns whose drift is measured. rule_texts, rule_values: columns that
    rules read, as texts or as what they are. weighed: those that weights are of. answers: of what models
    say; model_probs: of a model's probabilities. observed: None where a label is a class. ruled: whether
    labels are inferred of what rules say.
    """

    kind: str
    features: tuple[str, ...]
    image_root: str | None = None
    id: str | None = None
    label: str = ""
    task: str = "classification"
    classes: tuple[str | int, ...] | None = None
    observed: ObservedColumns | None = None
    mapping: ClassMapping | None = None
    pred_probs: str | None = None
    pair: str | None = None
    time: str | None = None
    tag_scheme: str = "auto"
    tag_repair: bool = False
    time_window: str | None = None
    split: str | None = None
    groups: tuple[str, ...] = ()
    tabular: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    model_probs: str | None = None
    rule_texts: tuple[str, ...] = ()
    rule_values: tuple[str, ...] = ()
    weighed: tuple[str, ...] = ()
    ruled: bool = False
    of_numbers: bool = True
    parts: tuple[FeaturePart, ...] = ()

    @property
    def inferred(self) -> bool:
        """Whether a label is inferred of what was observed, with the help of the features."""
        return self.observed is not None or self.ruled

    @property
    def by_kind(self) -> tuple[FeaturePart, ...]:
        """The features of each kind."""
        return self.parts or (FeaturePart(self.kind, self.features),)

    def only(self, kind: str) -> Columns:
        """The same with the features of one kind alone; itself where there is no other."""
        if not self.parts:
            return self
        (names,) = (part.names for part in self.parts if part.kind == kind)
        root = self.image_root if kind == "image" else None
        return replace(self, kind=kind, features=names, image_root=root, parts=())

    @property
    def feature(self) -> str:
        """The name of the feature column, of several the first."""
        return self.features[0]
