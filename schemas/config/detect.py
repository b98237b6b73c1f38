"""The section `detect`: how wrong labels and moved distributions are found."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from labelworks.schemas.config.section import Section


class NoiseConfig(Section):
    """How wrong labels are found."""

    method: str = Field(
        "auto",
        description="of `labelworks methods --stage detect`: kind noise, multilabel or regression",
    )
    options: dict[str, Any] = Field(default_factory=dict, description="of that method, by name")


class ShiftConfig(Section):
    """How the class mix of the target window is estimated."""

    method: str = Field("em-bcts", description="of `labelworks methods --stage detect`, kind prior")


class DriftConfig(Section):
    """How the features of the target window are tested against the source's."""

    method: str = Field("auto", description="auto, or a test of `labelworks methods --stage detect`")
    alpha: float = Field(0.05, gt=0.0, lt=1.0, description="a p-value up to here is a drift")


class AdaptConfig(Section):
    """How the embedding is adapted to the labels before the probes."""

    method: str = Field("none", description="of `labelworks methods --stage detect`, kind adapt")
    options: dict[str, Any] = Field(default_factory=dict, description="of that method, by name")


class WindowsConfig(Section):
    """How the dataset is cut along dataset.time, to see what changed when."""

    by: Literal["auto", "hour", "day", "week", "month", "quarter", "year", "none"] = Field(
        "auto", description="auto: the shortest of which there are at most 48"
    )


class PerformanceConfig(Section):
    """A model of yours, how good it is on the target window: by columns of source and target."""

    pred_probs: str | None = Field(
        None, description="a column of its probabilities, out of sample, in the order of dataset.classes"
    )
    predictions: str | None = Field(
        None, description="a column of the classes that it says; default: the likeliest by pred_probs"
    )
    value: tuple[tuple[float, ...], ...] | None = Field(
        None, description="what a row is worth: a row a true class, a column a predicted one"
    )

    @property
    def model(self) -> str | None:
        """The column that names the model; None where there is none."""
        return self.pred_probs or self.predictions


class PseudoLabelsConfig(Section):
    """Labels for rows of the target window, as many as are surely enough right."""

    precision: float = Field(0.95, gt=0.0, lt=1.0, description="the share of them that is to be right")


class DetectConfig(Section):
    """Out-of-sample probabilities, label noise, distribution shift."""

    folds: int = Field(
        5, ge=3, le=20, description="parts of the rows, each judged by probes that never saw it"
    )
    probes: tuple[str, ...] = Field(
        (
            "lda",
            "ridge",
            "prototype",
            "fourier-lda",
            "fourier-ridge",
            "naive-bayes",
            "complement-naive-bayes",
            "boosted",
        ),
        description="those of words, the naive ones, are left out where the encoder gives no words, boosted "
        "trees where it gives no cells of a table, and these and the fourier ones, of random features, where "
        "they foretell labels no better than the others",
    )
    adapt: AdaptConfig = AdaptConfig()
    query_bank: bool = Field(False, description="zero-shot: a class name that attracts all rows gets less")
    sample: int = Field(20_000, ge=100, description="rows held in memory to fit temperatures and transitions")
    tolerance: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="scores are kept while error probabilities move by less; 0: all are those of a run from "
        "nothing on the same embeddings (tfidf and pixels stay as fitted first)",
    )
    noise: NoiseConfig = NoiseConfig()
    out_of_scope: float = Field(
        0.0, ge=0.0, lt=1.0, description="share of the rows, of none of the classes most, that people look at"
    )
    shift: ShiftConfig = ShiftConfig()
    drift: DriftConfig = DriftConfig()
    windows: WindowsConfig = WindowsConfig()
    groups: tuple[str, ...] = Field((), description="columns whose values are looked at apart")
    slices: int = Field(
        10, ge=0, le=100, description="regions of the embeddings looked at where no groups are named; 0: none"
    )
    columns: tuple[str, ...] = Field(
        (), description="tabular columns whose drift to the target, or over dataset.time, is measured"
    )
    poison: bool = Field(
        False,
        description="whether small regions are sought whose labels look changed together: seconds, "
        "and minutes with hundreds of classes",
    )
    content: bool = Field(
        True, description="whether texts and images themselves are looked through for what is odd"
    )
    performance: PerformanceConfig = PerformanceConfig()
    pseudo_labels: PseudoLabelsConfig | None = Field(
        None, description="labels for rows of dataset.target, such as {precision: 0.95}"
    )
