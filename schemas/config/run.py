"""The configuration of a run. Frozen; unknown keys are errors; everything has a default but the dataset."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator, model_validator

from labelworks.schemas.config.dataset import DatasetConfig
from labelworks.schemas.config.judges import JudgesConfig
from labelworks.schemas.config.schedule import ReprocessConfig, ScheduleConfig, Seconds
from labelworks.schemas.config.section import Section
from labelworks.schemas.locations import config_problems
from labelworks.schemas.secrets.find import secret_paths, userinfo_paths

Share = Field(ge=0.0, le=1.0)
NOT_OF_ANSWERS = {  # how judges are reached
    **dict.fromkeys(("concurrency", "timeout", "retries"), True),
    "models": {"__all__": {"key_env", "secret"}},
}
NOT_IDENTITY: dict[str, Any] = {
    **dict.fromkeys(("compute", "store", "publish", "schedule", "reprocess"), True),
    "treat": {"approve_over": True, "approve_within": True, "judges": NOT_OF_ANSWERS},
}


class StoreConfig(Section):
    """Where runs, embeddings and versions are kept."""

    root: str = "labelworks-store"
    storage_options: dict[str, Any] = Field(default_factory=dict, description="for fsspec; no secrets here")
    secret: str | None = Field(None, description="a Prefect Secret block holding storage options as JSON")


class EncoderConfig(Section):
    """Which encoder turns features into vectors."""

    name: str = Field(
        "auto", description="auto: vector, standardize, pixels or tfidf, by the kind of feature"
    )
    options: dict[str, Any] = Field(default_factory=dict)


class NoiseConfig(Section):
    """How wrong labels are found."""

    method: str = "auto"
    options: dict[str, Any] = Field(default_factory=dict)


class ShiftConfig(Section):
    """How the class mix of the target window is estimated."""

    method: str = "em-bcts"


class DriftConfig(Section):
    """How the features of the target window are tested against the source's."""

    method: str = Field("auto", description="auto, or a test of `labelworks methods --stage detect`")
    alpha: float = Field(0.05, gt=0.0, lt=1.0, description="a p-value up to here is a drift")


class AdaptConfig(Section):
    """How the embedding is adapted to the labels before the probes."""

    method: str = "none"
    options: dict[str, Any] = Field(default_factory=dict)


class WindowsConfig(Section):
    """How the dataset is cut along dataset.time, to see what changed when."""

    by: Literal["auto", "hour", "day", "week", "month", "quarter", "year", "none"] = Field(
        "auto", description="auto: the shortest of which there are at most 48"
    )


class DetectConfig(Section):
    """Out-of-sample probabilities, label noise, distribution shift."""

    folds: int = Field(5, ge=2, le=20)
    probes: tuple[str, ...] = Field(
        (
            "lda",
            "ridge",
            "prototype",
            "fourier-lda",
            "fourier-ridge",
            "naive-bayes",
            "complement-naive-bayes",
        ),
        description="those of words, the last two, are left out where the encoder gives no words, the "
        "fourier ones, of random features, where they foretell labels no better than the others",
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
    columns: tuple[str, ...] = Field((), description="tabular columns whose drift to the target is measured")


class WeightsConfig(Section):
    """What a row counts for in training: a product of factors."""

    factors: tuple[str | dict[str, dict[str, Any]], ...] = Field(
        ("label-shift", "right"),
        description="of `labelworks methods --stage treat`, kind weights; one with options as "
        "{group-balance: {column: sex}}",
    )
    min_effective_share: float = Field(
        0.1,
        ge=0.0,
        le=1.0,
        description="the product is clipped where the rows would count for less than this share of them",
    )

    @field_validator("factors")
    @classmethod
    def _each_once(cls, said: Any) -> Any:
        if any(isinstance(text, dict) and len(text) != 1 for text in said):
            raise ValueError("factors with options have one name each: {group-balance: {column: sex}}")
        names = [text if isinstance(text, str) else next(iter(text)) for text in said]
        if len(set(names)) < len(names):
            raise ValueError("factors are named once each")
        return said


class TreatConfig(Section):
    """What is done about a wrong label or a moved class mix."""

    mode: Literal["reweight", "relabel", "both", "none"] = "both"
    objective: str | dict[str, Any] | None = Field(
        "auto",
        description="what labels are changed for: auto (whatever the validation proves best), accuracy (as "
        "many right labels as can be), {precision: "
        "share} (so many of the changes are right), {budget: rows} (at most so many change, the surest), or "
        "a method of `labelworks methods --stage treat`",
    )
    relabel_over: float | None = Field(
        None,
        ge=0.0,
        le=1.0,
        description="instead of an objective: a label changes where P(the new one is right) is at least "
        "this, as objective: {threshold: …}",
    )
    weights: WeightsConfig = WeightsConfig()
    min_class_rows: int = Field(
        10, ge=0, description="no label changes into or out of a class of fewer rows: such rows go to review"
    )
    judges: JudgesConfig = JudgesConfig()
    approve_over: float | None = Field(
        None, ge=0.0, le=1.0, description="ask a person where a larger share would change; null: never ask"
    )
    approve_within: Seconds = Field(259_200.0, gt=0.0, description="how long; then nothing is published")

    @model_validator(mode="before")
    @classmethod
    def _one_end(cls, data: Any) -> Any:
        """The usual objective is none where a threshold is given."""
        if isinstance(data, dict) and data.get("relabel_over") is not None and "objective" not in data:
            return {**data, "objective": None}
        return data

    @model_validator(mode="after")
    def _said_once(self) -> TreatConfig:
        if (self.objective is None) == (self.relabel_over is None):
            many = "one of them" if self.objective is None else "not both"
            raise ValueError(
                f"give an objective or relabel_over, {many}: relabel_over: 0.8 is short for "
                "objective: {threshold: 0.8}"
            )
        return self

    @field_validator("objective")
    @classmethod
    def _of_one_name(cls, said: Any) -> Any:
        if not isinstance(said, dict):
            return said
        if len(said) != 1:
            raise ValueError("name one objective: accuracy, {precision: 0.9} or {budget: 500}")
        ((name, value),) = said.items()
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if name in ("precision", "threshold") and not (number and 0 <= value <= 1):
            raise ValueError(f"{name} is a share in [0, 1]")
        if name == "budget" and not (number and value >= 0 and value == int(value)):
            raise ValueError("budget is a number of rows")
        return said


class ValidateConfig(Section):
    """How the treated labels are compared with the raw ones."""

    model: str = "multinomial"
    bootstrap: PositiveInt = 1000
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

    also: tuple[Literal["datasets", "delta"], ...] = Field(
        (), description="besides the parquet parts: a folder for load_from_disk, a Delta Lake table"
    )
    compression: Literal["zstd", "snappy", "none"] = "zstd"


class ComputeConfig(Section):
    """What the run may use. Nothing here changes a result."""

    workers: int | Literal["auto"] = Field(
        "auto", description="processes; auto: one a core, of small data none but the run's own"
    )
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
    def _places_are_opened(self) -> RunConfig:
        data, store = self.dataset, self.store
        for locations, options, where in (
            ({"store.root": store.root}, store.storage_options, "store.storage_options"),
            (data.locations, data.storage_options, "dataset.storage_options"),
            (_audited(self.treat.judges.audited), data.storage_options, "dataset.storage_options"),
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


def _audited(place: str) -> dict[str, str]:
    return {"treat.judges.audited": place} if place else {}


def _usual_method(dataset: Any) -> str | None:
    """The noise method of labels that are made of votes or rules, or aren't one class a row."""
    if not isinstance(dataset, dict):
        return None
    votes = dataset.get("votes")
    if dataset.get("rules"):
        return "rule-posterior"
    if isinstance(votes, dict) and votes.get("source"):
        return "crowd-posterior"
    return {"multilabel": "confident-learning", "regression": "residuals"}.get(str(dataset.get("task")))
