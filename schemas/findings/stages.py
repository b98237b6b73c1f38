"""What each stage gives back besides its reference: figures of its own, held by stage."""

from __future__ import annotations

from pydantic import Field

from labelworks.schemas.findings.base import Class, Findings, Number
from labelworks.schemas.findings.calibration import CalibrationFindings
from labelworks.schemas.findings.drift import DriftFindings
from labelworks.schemas.findings.inferred import InferredFindings
from labelworks.schemas.findings.noise import CrowdFindings, NoiseFindings
from labelworks.schemas.findings.performance import PerformanceFindings, RankingFindings
from labelworks.schemas.findings.quality.content import ColumnNulls, ContentFindings
from labelworks.schemas.findings.quality.health import HealthFindings
from labelworks.schemas.findings.quality.leakage import LeakageFindings
from labelworks.schemas.findings.quality.poison import PoisonFindings
from labelworks.schemas.findings.quality.shortcuts import ShortcutFindings
from labelworks.schemas.findings.rules import RulesFindings
from labelworks.schemas.findings.shift import ShiftFindings
from labelworks.schemas.findings.treatment import TreatmentFindings, ValidationFindings
from labelworks.schemas.findings.trees import TreeFindings
from labelworks.schemas.findings.trend import TrendFindings
from labelworks.schemas.percentages import percent


class RenamedClass(Findings):
    """A class as the data spells it, and what it became as its labels were read."""

    name: str
    become: Class | None = Field(description="None: it was put aside")
    labels: int = Field(description="that bore the old name")


class IngestFigures(Findings):
    """Rows and files that there are, and those that were put aside."""

    rows: int = Field(description="labelled rows that can be used")
    target_rows: int
    files: int
    rejected_rows: int
    rejected_files: int
    rejected_share: Number = Field(description="without rows that dataset.class_mapping puts aside")
    left_out_files: int = Field(description="files not read, as their names begin with _ or a dot")
    empty_files: int
    classes: int | None = Field(description="None: labels are numbers")
    smallest_class: int | None = Field(description="its rows")
    similar_class_names: int
    renamed_classes: tuple[RenamedClass, ...] = Field((), description="by dataset.class_mapping")
    duplicate_ids: int
    agreement: Number = Field(None, description="Krippendorff's alpha, where labels are made of votes")
    crowd: CrowdFindings | None = None
    rules: RulesFindings | None = None
    label_kinds: dict[str, int] = Field({}, description="rows by kind, where labels are inferred")
    tokens: int | None = Field(None, description="of the rows, where labels are tags of tokens")
    mended_sentences: int | None = Field(
        None, description="sentences whose tags broke their scheme, where dataset.tag_repair writes them anew"
    )

    @property
    def units(self) -> int:
        """What probes learn from: rows, or the tokens in them."""
        return self.rows if self.tokens is None else self.tokens


class EmbeddingWaits(Findings):
    """Shares of the time that embedding took, over its workers: what went on, or was waited for."""

    device: Number = Field(description="the device, a GPU or a processor, ran the model")
    host: Number = Field(description="it waited for rows that were read, decoded or tokenised")
    store: Number = Field(description="it waited for vectors to be written")

    @property
    def said(self) -> str:
        """In a line."""
        device, host, store = (percent(share or 0, 0) for share in (self.device, self.host, self.store))
        return f"embed: device busy {device}, waited for the host {host}, for the store {store}"


class EncodedKind(Findings):
    """The vectors of one kind of features, where there are several: how they were made and joined."""

    kind: str
    encoder: str
    dim: int
    spread: Number = Field(
        description="root mean square of the distance from the mean: what they are divided by"
    )
    rejected_rows: int
    embedded_rows: int = Field(description="encoded by this run; of the others the vectors were there")

    @property
    def said(self) -> str:
        """In a few words."""
        return f"{self.kind} by {self.encoder} ({self.dim:,} dimensions)"


class EmbeddingFigures(Findings):
    """What was embedded, and how good the embedding is; None: too few rows or dimensions to tell."""

    encoder: str
    kinds: tuple[EncodedKind, ...] = Field((), description="where features are of several kinds")
    rows: int = Field(description="of source and target that have a vector")
    rejected_rows: int
    rejected_share: Number
    dim: int
    distinct_rows: int
    dead_dimensions: int
    encoding_seconds: float
    waits: EmbeddingWaits | None = Field(None, description="None: all vectors were there before")
    judging_seconds: float | None = None
    rankme: Number = None
    rank_share: Number = None
    duplicated_dimensions: Number = None
    dimension_two_nn: Number = None
    dimension_mle: Number = None
    label_sharpness: Number = None
    hubness: Number = None
    duplicate_share: Number = None
    label_conflicts: int | None = None
    near_duplicate_share: Number = None
    near_duplicate_conflicts: int | None = None
    leakage: LeakageFindings | None = Field(None, description="between the splits of dataset.split")


class JudgedRow(Findings):
    """A row to look at. given, suggestion: codes of classes; labels that are no single class as text."""

    partition: str
    row: int
    id: str
    given: int | str
    suggestion: int | str
    error_probability: float
    in_scope: Number = None


class MappedRow(Findings):
    """A row on the map. given, suggestion: codes of classes; x, y: in [0, 1]."""

    id: str
    x: float
    y: float
    given: int
    suggestion: int
    flagged: bool


class SampleMap(Findings):
    """Some rows of the sample on the plane of their features that shows most."""

    explained: float = Field(description="share of the variance that the plane has")
    rows: tuple[MappedRow, ...]


class DetectEvidence(Findings):
    """What the report draws: the transition where classes are few, histograms of the scores, some rows."""

    transition: tuple[tuple[Number, ...], ...] | None = Field(None, description="(K, K), rows = true class")
    histogram: tuple[int, ...]
    flagged_histogram: tuple[int, ...]
    worst: tuple[JudgedRow, ...] = Field((), description="likeliest wrong first")
    strangest: tuple[JudgedRow, ...] = Field((), description="least like any class first")
    sample_map: SampleMap | None = None


class DetectFigures(Findings):
    """Wrong labels and moved distributions."""

    rows: int
    noise: NoiseFindings
    shift: ShiftFindings | None = Field(None, description="None: there is no target window")
    drift: DriftFindings = DriftFindings()
    performance: PerformanceFindings | None = Field(None, description="None: no model is asked about")
    ranking: tuple[RankingFindings, ...] = Field((), description="of dataset.predictions, by reading")
    shortcuts: ShortcutFindings | None = None
    poison: PoisonFindings | None = None
    calibration: tuple[CalibrationFindings, ...] = Field((), description="of the probes and of pred_probs")
    trees: TreeFindings | None = Field(None, description="where trees of a table's cells judge labels too")
    content: ContentFindings | None = None
    nulls: tuple[ColumnNulls, ...] | None = Field(
        None, description="columns of the source that lack some values; None: none was looked at"
    )
    health: HealthFindings | None = Field(None, description="of one class a row")
    trend: TrendFindings | None = None
    inferred: InferredFindings | None = Field(None, description="where labels are inferred")
    evidence: DetectEvidence


class TreatEvidence(Findings):
    """Rows by action and reason; rows of each class before and after."""

    actions: tuple[tuple[str, str, int], ...]
    before: tuple[int, ...]
    after: tuple[int, ...]


class TreatFigures(Findings):
    """What was decided."""

    rows: int
    treatment: TreatmentFindings
    evidence: TreatEvidence


class ValidateFigures(Findings):
    """The proof."""

    validation: ValidationFindings


class PredictionSetFindings(Findings):
    """Sets of classes that the true label may be, as published: how large they are."""

    coverage: float = Field(description="the share of rows whose true label is to be in its set")
    by_class: bool
    mean_size: float
    single_share: float = Field(description="of the rows: sets of one class")
    empty_share: float = Field(description="of the rows: no class is likely enough")


class PublishFigures(Findings):
    """What was written. names, target_names: the files, relative to the run's folder."""

    rows: int
    rows_expected: int
    parts: int
    target_rows: int
    target_rows_expected: int
    pseudo_labels: int | None = Field(None, description="of rows of the target; None: not asked for")
    pseudo_labels_expected: int | None = None
    names: tuple[str, ...]
    target_names: tuple[str, ...] = ()
    prediction_sets: PredictionSetFindings | None = None


Figures = IngestFigures | EmbeddingFigures | DetectFigures | TreatFigures | ValidateFigures | PublishFigures
