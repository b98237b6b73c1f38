"""The configuration of a run. Frozen; unknown keys are errors; everything has a default but the dataset."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, field_validator, model_validator

from labelworks.schemas.config.dataset import DatasetConfig
from labelworks.schemas.config.detect import DetectConfig
from labelworks.schemas.config.features import EncoderConfig, check_encoders
from labelworks.schemas.config.schedule import ReprocessConfig, ScheduleConfig
from labelworks.schemas.config.section import Section
from labelworks.schemas.config.treat import TreatConfig
from labelworks.schemas.locations import config_problems
from labelworks.schemas.secrets.find import secret_paths, userinfo_paths

MEMORY = re.compile(r"auto|\d+|\d+(\.\d+)?\s*[kmgt]i?b?", re.IGNORECASE)
NOT_OF_ANSWERS = {  # how judges are reached
    **dict.fromkeys(("concurrency", "timeout", "retries"), True),
    "models": {"__all__": {"key_env", "secret"}},
}
NOT_IDENTITY: dict[str, Any] = {
    **dict.fromkeys(("compute", "store", "publish", "schedule", "reprocess", "review"), True),
    "dataset": {"about": True},
    "treat": {"approve_over": True, "approve_within": True, "judges": NOT_OF_ANSWERS},
}


class StoreConfig(Section):
    """Where runs, embeddings and versions are kept."""

    root: str = Field("labelworks-store", description="a path, or s3://bucket/prefix")
    storage_options: dict[str, Any] = Field(default_factory=dict, description="for fsspec; no secrets here")
    secret: str | None = Field(None, description="a Prefect Secret block holding storage options as JSON")


class ValidateConfig(Section):
    """How the treated labels are compared with the raw ones."""

    model: str = Field(
        "multinomial",
        description="of `labelworks methods --stage validate`, trained on given and on treated labels",
    )
    publish_when: Literal["better"] | dict[Literal["not_worse"], float] = Field(
        "better",
        description="what has to be proven of the treated labels, or the given ones are published: better, "
        "or {not_worse: margin}, the accuracy that they may lose, such as 0.005",
    )

    @field_validator("publish_when")
    @classmethod
    def _a_share(cls, said: Any) -> Any:
        if isinstance(said, dict) and not (len(said) == 1 and 0 <= said["not_worse"] <= 1):
            raise ValueError("give better, or {not_worse: margin} with a margin in [0, 1]")
        return said

    @property
    def margin(self) -> float | None:
        """How much accuracy treated labels may lose; None: they have to be better."""
        return self.publish_when["not_worse"] if isinstance(self.publish_when, dict) else None


class PublishConfig(Section):
    """How a version is written. Nothing here changes its rows."""

    also: tuple[Literal["datasets", "delta", "card", "croissant"], ...] = Field(
        (),
        description="besides the parquet parts: a folder for load_from_disk, a Delta Lake table, a "
        "dataset card, Croissant",
    )
    compression: Literal["zstd", "snappy", "none"] = Field("zstd", description="of the parquet parts")


class ReviewConfig(Section):
    """Where people look at rows. Nothing here changes a result."""

    url: str | None = Field(
        None,
        pattern=r"^https?://\S+$",
        description="of the page, for the event review.needed; {dataset} and {run} stand for their names. "
        "Default: where `labelworks review serve` serves it on the machine of the run",
    )


class ComputeConfig(Section):
    """What the run may use. Nothing here changes a result."""

    workers: int | Literal["auto"] = Field(
        "auto", description="processes; auto: one a core, for small data the run's own alone"
    )
    threads: PositiveInt = Field(1, description="of each worker")
    memory: str = Field("auto", description="of each worker, such as 4GB; auto: a share of the machine's")
    scheduler: str | None = Field(None, description="address of a Dask scheduler that is already running")
    cluster_class: str | None = Field(None, description="import path, such as dask_jobqueue.SLURMCluster")
    cluster_kwargs: dict[str, Any] = Field(default_factory=dict, description="what the class is called with")
    wait: PositiveInt = Field(600, description="seconds until the first worker of that cluster must be there")
    spill: str | None = Field(
        None, description="local folder for what doesn't fit in memory; default: temporary"
    )
    gpu: Literal["auto", "off", "require"] = Field(
        "auto", description="auto: embed on one where a worker has it; require: none is an error"
    )
    gpu_cores: PositiveInt | None = Field(
        None, description="that prepare rows for each GPU; default: those of its machine / its GPUs at work"
    )
    partition_rows: PositiveInt = Field(50_000, description="about how many rows a partition has")
    partition_bytes: PositiveInt = Field(64 << 20, description="and how many bytes of its files, at most")

    @field_validator("memory")
    @classmethod
    def _so_many_bytes(cls, said: str) -> str:
        if not MEMORY.fullmatch(said):
            raise ValueError("expected auto, or bytes such as 4GB or 500MiB")
        return said

    @model_validator(mode="after")
    def _one_cluster(self) -> ComputeConfig:
        if self.scheduler and self.cluster_class:
            raise ValueError("name a scheduler or a cluster_class, not both")
        if self.cluster_kwargs and not self.cluster_class:
            raise ValueError("cluster_kwargs are for a cluster_class, and none is named")
        return self


class GateConfig(Section):
    """Overrides of one stage's gate: thresholds by name, severities, further expectations."""

    thresholds: dict[str, float] = Field(default_factory=dict, description="by the name of the check")
    severity: dict[str, Literal["error", "warning"]] = Field(
        default_factory=dict, description="by the name of the check: error stops the run"
    )
    expectations: tuple[dict[str, Any], ...] = Field(
        (), description="of Great Expectations, by name: `expect_column_max_to_be_between: {column: …}`"
    )


class TrendConfig(Section):
    """How far a version may lie from the one published before it; None: however far."""

    noise_rate: NonNegativeFloat | None = Field(None, description="difference of the estimated noise rates")
    total_variation: NonNegativeFloat | None = Field(None, description="of the class mixes, from 0 to 1")
    class_share: NonNegativeFloat | None = Field(
        None, description="difference of the shares of any one class"
    )
    rejected_share: NonNegativeFloat | None = Field(None, description="difference of the shares put aside")
    rows: NonNegativeFloat | None = Field(None, description="as a share of the rows before: 0.2 is ± 20 %")
    severity: Literal["error", "warning"] = Field("error", description="error: the run stops")


class GatesConfig(Section):
    """One gate after every stage, and what is held to the version before."""

    ingest: GateConfig = GateConfig()
    embed: GateConfig = GateConfig()
    detect: GateConfig = GateConfig()
    treat: GateConfig = GateConfig()
    validation: GateConfig = Field(GateConfig(), alias="validate")
    publish: GateConfig = GateConfig()
    trend: TrendConfig = TrendConfig()


class RunConfig(Section):
    """A whole run, as the YAML file says it."""

    dataset: DatasetConfig
    store: StoreConfig = StoreConfig()
    encoder: EncoderConfig = EncoderConfig()
    detect: DetectConfig = DetectConfig()
    treat: TreatConfig = TreatConfig()
    validation: ValidateConfig = Field(ValidateConfig(), alias="validate")
    publish: PublishConfig = PublishConfig()
    review: ReviewConfig = ReviewConfig()
    gates: GatesConfig = GatesConfig()
    compute: ComputeConfig = ComputeConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    reprocess: ReprocessConfig = ReprocessConfig()
    seed: NonNegativeInt = Field(0, description="of whatever is drawn by chance")

    @model_validator(mode="before")
    @classmethod
    def _judged_by_task(cls, data: Any) -> Any:
        """Labels made of votes, several a row, and numbers are each judged by a method of their own kind."""
        detect = data.get("detect", {}) if isinstance(data, dict) else None
        if not isinstance(detect, dict) or (usual := _usual_method(data.get("dataset"))) is None:
            return data
        noise = detect.get("noise", {})
        if not isinstance(noise, dict) or "method" in noise:
            return data
        return {**data, "detect": {**detect, "noise": {**noise, "method": usual}}}

    @model_validator(mode="after")
    def _encoders_of_features(self) -> RunConfig:
        check_encoders(self.encoder, self.dataset.features)
        return self

    @model_validator(mode="after")
    def _performance_of_classes(self) -> RunConfig:
        asked, data = self.detect.performance, self.dataset
        if asked.model is None:
            if asked.value is not None:
                raise ValueError(
                    "detect.performance.value needs pred_probs or predictions: columns of a model"
                )
            return self
        if data.target is None:
            raise ValueError("detect.performance needs dataset.target: rows without labels")
        if (asked.pred_probs or asked.value) and not data.classes:
            raise ValueError("detect.performance needs dataset.classes: the order of its numbers")
        sizes = {len(data.classes or ())}
        if asked.value is not None and {len(asked.value), *map(len, asked.value)} != sizes:
            raise ValueError("detect.performance.value needs a row and a column for each of dataset.classes")
        return self

    @model_validator(mode="after")
    def _pseudo_labels_of_target(self) -> RunConfig:
        if self.detect.pseudo_labels and self.dataset.target is None:
            raise ValueError("detect.pseudo_labels needs dataset.target: rows without labels")
        return self

    @model_validator(mode="after")
    def _no_secrets(self) -> RunConfig:
        for where, options in (
            ("store.storage_options", self.store.storage_options),
            ("dataset.storage_options", self.dataset.storage_options),
            ("compute.cluster_kwargs", self.compute.cluster_kwargs),
        ):
            for path in secret_paths(options, where):
                raise ValueError(
                    f"{path} looks like a secret; take it from the environment "
                    "(AWS_ACCESS_KEY_ID …) or from a Prefect block (store.secret)"
                )
        for path in userinfo_paths(self.model_dump(by_alias=True)):
            raise ValueError(f"{path} has a user or a password in it; take them from the environment")
        return self

    @model_validator(mode="after")
    def _sets_are_of_classes(self) -> RunConfig:
        if self.treat.prediction_sets and self.dataset.task == "regression":
            raise ValueError("treat.prediction_sets are sets of classes, and numbers have none: leave it out")
        return self

    @model_validator(mode="after")
    def _places_are_opened(self) -> RunConfig:
        data, store = self.dataset, self.store
        for locations, options, where in (
            ({"store.root": store.root}, store.storage_options, "store.storage_options"),
            (data.locations, data.storage_options, "dataset.storage_options"),
            (_audited(self.treat), data.storage_options, "dataset.storage_options"),
        ):
            for problem in config_problems(locations, options, where):
                raise ValueError(problem)
        return self

    @property
    def reads_time(self) -> bool:
        """Whether it matters what the times of the rows are: else they are only carried through."""
        return self.dataset.time is not None and (
            self.dataset.time_window is not None or self.detect.windows.by != "none"
        )

    @property
    def identity(self) -> dict[str, Any]:
        """What of the config decides the results: not where or when it runs, is kept, or who is asked."""
        return self.model_dump(mode="json", by_alias=True, exclude=NOT_IDENTITY)


def _audited(treat: TreatConfig) -> dict[str, str]:
    places = {"treat.audited": treat.audited, "treat.judges.audited": treat.judges.audited}
    return {key: place for key, place in places.items() if place}


def _usual_method(dataset: Any) -> str | None:
    """The noise method of labels that are inferred, made of votes or rules, or aren't one class a row."""
    if not isinstance(dataset, dict):
        return None
    votes = dataset.get("votes")
    if dataset.get("label_kind"):
        return "inferred-posterior"
    model = dataset.get("label_model")
    if dataset.get("rules"):
        infer = isinstance(model, dict) and model.get("infer")
        return "inferred-posterior" if infer else "rule-posterior"
    if isinstance(votes, dict) and votes.get("source"):
        return "crowd-posterior"
    return {"multilabel": "confident-learning", "regression": "residuals"}.get(str(dataset.get("task")))
