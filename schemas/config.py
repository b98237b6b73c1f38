"""The configuration of a run. Frozen; unknown keys are errors; everything has a default but the dataset."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator, model_validator

from schemas.live import ReprocessConfig, ScheduleConfig, Seconds
from schemas.redact import has_userinfo
from schemas.section import Section

Share = Field(ge=0.0, le=1.0)
WINDOW = "{window}"
NOT_IDENTITY: dict[str, Any] = {
    **dict.fromkeys(("compute", "store", "publish", "schedule", "reprocess"), True),
    "treat": {"approve_over", "approve_within"},
}
SECRETS = ("key", "secret", "token", "password", "credential", "connection_string")


class Features(Section):
    """The one column that carries the features, under its kind."""

    text: str | None = None
    image: str | None = None
    vector: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Features:
        if sum(value is not None for value in (self.text, self.image, self.vector)) != 1:
            raise ValueError("name exactly one of text, image, vector")
        return self

    @property
    def kind(self) -> Literal["text", "image", "vector"]:
        """Which kind of feature it is."""
        return "text" if self.text is not None else "image" if self.image is not None else "vector"

    @property
    def column(self) -> str:
        """The name of the feature column."""
        return self.text or self.image or self.vector or ""


class DatasetConfig(Section):
    """Where the labelled data is, and which column is what."""

    name: str = Field(
        "", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$|^$", description="default: the source's name"
    )
    source: str = Field(description="a path, a glob, a folder, or s3://bucket/prefix/")
    format: Literal["auto", "parquet", "csv", "jsonl", "arrow", "webdataset"] = "auto"
    id: str | None = Field(None, description="default: file#row")
    label: str
    classes: tuple[str | int, ...] | None = Field(None, description="default: the labels that occur")
    class_names: Literal[True] | dict[str | int, str] | None = Field(
        None, description="texts of the classes for zero-shot and label-text; true: the labels themselves"
    )
    features: Features
    target: str | None = Field(None, description="an unlabelled window whose class mix may have moved")
    time: str | None = Field(None, description="a column carried through to the published version")
    window: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9.:_-]*$",
        description="what {window} in source and target stands for, or how the time of the rows begins",
    )
    storage_options: dict[str, Any] = Field(default_factory=dict, description="for fsspec; no secrets here")

    @field_validator("classes", mode="before")
    @classmethod
    def _no_booleans(cls, classes: Any) -> Any:
        """Boolean labels are kept as the strings `true` and `false`."""
        if not isinstance(classes, list | tuple):
            return classes
        return tuple(str(each).lower() if isinstance(each, bool) else each for each in classes)

    @model_validator(mode="after")
    def _windowed(self) -> DatasetConfig:
        if self.window is None and WINDOW in f"{self.source}{self.target}":
            raise ValueError(f"{WINDOW} needs a window: `--window 2026-01`, or the key dataset.window")
        if self.time_window is not None and self.time is None:
            raise ValueError(f"a window needs dataset.time (a column), or {WINDOW} in dataset.source")
        return self

    @property
    def key(self) -> str:
        """Name of the dataset's runs and versions in the store: each window has its own."""
        return self.name if self.window is None else f"{self.name}@{self.window.replace(':', '')}"

    @property
    def time_window(self) -> str | None:
        """How the time of a row begins that belongs to the window; None where files or nothing decide."""
        return None if WINDOW in self.source else self.window

    def place(self, window: str) -> str:
        """Where the files of the source, or of the target, are."""
        place = self.source if window == "source" else self.target or self.source
        return place.replace(WINDOW, self.window or "")

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: Any) -> Any:
        if isinstance(data, dict) and not data.get("name") and isinstance(data.get("source"), str):
            return {**data, "name": default_name(data["source"])}
        return data


class StoreConfig(Section):
    """Where runs, embeddings and versions are kept."""

    root: str = "labelworks-store"
    storage_options: dict[str, Any] = Field(default_factory=dict, description="for fsspec; no secrets here")
    secret: str | None = Field(None, description="a Prefect Secret block holding storage options as JSON")


class EncoderConfig(Section):
    """Which encoder turns features into vectors."""

    name: str = Field("auto", description="auto: vector, pixels or tfidf, by the kind of feature")
    options: dict[str, Any] = Field(default_factory=dict)


class NoiseConfig(Section):
    """How wrong labels are found."""

    method: str = "noise-transition"
    options: dict[str, Any] = Field(default_factory=dict)


class ShiftConfig(Section):
    """How the class mix of the target window is estimated."""

    method: str = "em-bcts"
    options: dict[str, Any] = Field(default_factory=dict)


class AdaptConfig(Section):
    """How the embedding is adapted to the labels before the probes."""

    method: str = "none"
    options: dict[str, Any] = Field(default_factory=dict)


class DetectConfig(Section):
    """Out-of-sample probabilities, label noise, distribution shift."""

    folds: int = Field(5, ge=2, le=20)
    probes: tuple[str, ...] = ("lda", "ridge", "prototype")
    adapt: AdaptConfig = AdaptConfig()
    query_bank: bool = Field(False, description="zero-shot: a class name that attracts all rows gets less")
    sample: int = Field(20_000, ge=100, description="rows held in memory to fit temperatures and transitions")
    tolerance: float = Field(
        0.0, ge=0.0, le=1.0, description="scores are kept while error probabilities move by less; 0: exact"
    )
    noise: NoiseConfig = NoiseConfig()
    shift: ShiftConfig = ShiftConfig()


class TreatConfig(Section):
    """What is done about a wrong label or a moved class mix."""

    mode: Literal["reweight", "relabel", "both", "none"] = "both"
    relabel_over: float = Field(0.8, ge=0.0, le=1.0, description="posterior of the new label; below: review")
    max_weight: float = Field(10.0, gt=0.0, description="importance weights are clipped here")
    approve_over: float | None = Field(
        None, ge=0.0, le=1.0, description="ask a person where a larger share would change; null: never ask"
    )
    approve_within: Seconds = Field(259_200.0, gt=0.0, description="how long; then nothing is published")


class ValidateConfig(Section):
    """How the treated labels are compared with the raw ones."""

    model: str = "multinomial"
    bootstrap: PositiveInt = 1000


class PublishConfig(Section):
    """How a version is written. Nothing here changes its rows."""

    also: tuple[Literal["datasets", "delta"], ...] = Field(
        (), description="besides the parquet parts: a folder for load_from_disk, a Delta Lake table"
    )
    compression: Literal["zstd", "snappy", "none"] = "zstd"


class ComputeConfig(Section):
    """What the run may use. Nothing here changes a result."""

    workers: int | Literal["auto"] = "auto"
    threads: PositiveInt = 1
    memory: str = "auto"
    scheduler: str | None = Field(None, description="address of a Dask scheduler that is already running")
    cluster_class: str | None = Field(None, description="import path, such as dask_jobqueue.SLURMCluster")
    cluster_kwargs: dict[str, Any] = Field(default_factory=dict, description="what the class is called with")
    wait: PositiveInt = Field(600, description="seconds until the first worker of that cluster must be there")
    spill: str | None = Field(
        None, description="local folder for what doesn't fit in memory; default: temporary"
    )
    gpu: Literal["auto", "off", "require"] = "auto"
    partition_rows: PositiveInt = Field(50_000, description="about how many rows a partition has")
    partition_bytes: PositiveInt = Field(64 << 20, description="and how many bytes of its files, at most")

    @model_validator(mode="after")
    def _one_cluster(self) -> ComputeConfig:
        if self.scheduler and self.cluster_class:
            raise ValueError("name a scheduler or a cluster_class, not both")
        if self.cluster_kwargs and not self.cluster_class:
            raise ValueError("cluster_kwargs are for a cluster_class, and none is named")
        return self


class GateConfig(Section):
    """Overrides of one stage's gate: thresholds by name, severities, further expectations."""

    thresholds: dict[str, float] = Field(default_factory=dict)
    severity: dict[str, Literal["error", "warning"]] = Field(default_factory=dict)
    expectations: tuple[dict[str, Any], ...] = ()


class GatesConfig(Section):
    """One gate after every stage."""

    ingest: GateConfig = GateConfig()
    embed: GateConfig = GateConfig()
    detect: GateConfig = GateConfig()
    treat: GateConfig = GateConfig()
    validation: GateConfig = Field(GateConfig(), alias="validate")
    publish: GateConfig = GateConfig()


class RunConfig(Section):
    """A whole run, as the YAML file says it."""

    dataset: DatasetConfig
    store: StoreConfig = StoreConfig()
    encoder: EncoderConfig = EncoderConfig()
    detect: DetectConfig = DetectConfig()
    treat: TreatConfig = TreatConfig()
    validation: ValidateConfig = Field(ValidateConfig(), alias="validate")
    publish: PublishConfig = PublishConfig()
    gates: GatesConfig = GatesConfig()
    compute: ComputeConfig = ComputeConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    reprocess: ReprocessConfig = ReprocessConfig()
    seed: NonNegativeInt = 0

    @model_validator(mode="after")
    def _no_secrets(self) -> RunConfig:
        for where, options in (
            ("store.storage_options", self.store.storage_options),
            ("dataset.storage_options", self.dataset.storage_options),
            ("compute.cluster_kwargs", self.compute.cluster_kwargs),
        ):
            for path in _secret_paths(options):
                raise ValueError(
                    f"{where}.{path} looks like a secret; take it from the environment "
                    "(AWS_ACCESS_KEY_ID …) or from a Prefect block (store.secret)"
                )
        places = {"dataset.source": self.dataset.source, "dataset.target": self.dataset.target or ""}
        for where, url in {**places, "store.root": self.store.root}.items():
            if has_userinfo(url):
                raise ValueError(f"{where} has a user or a password in it; take them from the environment")
        return self

    @property
    def identity(self) -> dict[str, Any]:
        """What of the config decides the results: not where or when it runs, is kept, or who is asked."""
        return self.model_dump(mode="json", by_alias=True, exclude=NOT_IDENTITY)


def default_name(source: str) -> str:
    """Name a dataset after the last part of its source."""
    parts = [part for part in PurePosixPath(source.split("://")[-1]).parts if not set(part) & set("*?[/{")]
    stem = parts[-1].split(".")[0] if parts else ""
    name = "".join(char if char.isalnum() or char in "._-" else "-" for char in stem).strip("-._")
    return name or "dataset"


def _secret_paths(options: dict[str, Any], prefix: str = "") -> list[str]:
    found: list[str] = []
    for name, value in options.items():
        if isinstance(value, dict):
            found += _secret_paths(value, f"{prefix}{name}.")
        elif any(word in name.lower() for word in SECRETS) and value is not None:
            found.append(f"{prefix}{name}")
    return found
