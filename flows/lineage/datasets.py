"""What stages read and write, as datasets of OpenLineage: named by what stays the same from run to run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    DatasetFacet,
    data_quality_assertions_dataset,
    data_quality_metrics_input_dataset,
    dataset_version_dataset,
    datasource_dataset,
    output_statistics_output_dataset,
    schema_dataset,
)

from labelworks.schemas.config.load import absolute
from labelworks.schemas.findings import IngestFigures, PublishFigures
from labelworks.schemas.records import Check, DatasetRef, GateResult, RunRecord, Stage
from labelworks.schemas.stage_results import StageResult
from labelworks.tasks.planning.run import Run

FOLDERS = {  # of the store, below the dataset's
    "ingest": "index", "embed": "embeddings", "detect": "scores", "treat": "treated", "publish": "",
}  # fmt: skip
READS: dict[Stage, tuple[Stage, ...]] = {
    "ingest": (), "embed": (), "detect": ("embed", "ingest"), "treat": ("detect",),
    "validate": ("treat", "embed"), "publish": ("treat",),
}  # fmt: skip
MAX_CHECKED = 200  # characters of what a gate found


class Place(NamedTuple):
    """Where rows are, and how OpenLineage names that."""

    namespace: str
    name: str
    uri: str


def place_of(uri: str) -> Place:
    """The name of an address by OpenLineage's rules: of s3://bucket/key the bucket is the namespace."""
    protocol, there, rest = uri.partition("://")
    if not there or protocol == "file":
        path = absolute(rest if there else uri)
        return Place("file", path, f"file://{path}")
    authority, _, path = rest.partition("/")
    known = {"s3a": "s3", "gcs": "gs"}.get(protocol, protocol)
    return Place(f"{known}://{authority}", path.strip("/") or "/", uri)


class Datasets:
    """The datasets of one run. columns: of the source and the target, by window, as the files have them."""

    def __init__(self, run: Run, columns: dict[str, pa.Schema]) -> None:
        self._run, self._columns = run, columns

    def sources(
        self, gates: Sequence[GateResult] = (), found: IngestFigures | None = None
    ) -> list[InputDataset]:
        """What a run reads: the source, and the target if there is one; what gates and ingest found of it."""
        made = []
        for window, place in self._run.source.places.items():
            if window == "target" and self._run.config.dataset.target is None:
                continue
            facets = _facets(place_of(place), self._columns.get(window))
            checked = _checked(gates) if window == "source" else {}
            counted = _counted(found, window, self._run.source.columns.label)
            made.append(_input(place_of(place), facets, {**checked, **counted}))
        return made

    def inputs(self, stage: Stage, result: StageResult | None = None) -> list[InputDataset]:
        """What a stage reads; of the first of them what its gate says, once there is a result."""
        if stage in ("ingest", "embed"):
            figures = result.figures if result and isinstance(result.figures, IngestFigures) else None
            return self.sources([result.gate] if result else [], figures)
        made = [_input(place, _facets(place), {}) for place in map(self._place, READS[stage])]
        if result:
            made[0].inputFacets = _checked([result.gate])
        return made

    def outputs(self, result: StageResult) -> list[OutputDataset]:
        """What a stage wrote; a validation writes nothing."""
        if result.stage not in FOLDERS:
            return []
        parts = result.figures.names if isinstance(result.figures, PublishFigures) else ()
        rows, files = getattr(result.figures, "rows", None), len(result.ref.of("source"))
        place, version = self._place(result.stage, parts), _version(result.ref, result.stage)
        return [_output(place, _facets(place, self._of_parts(parts), version), rows, files)]

    def published(self, record: RunRecord) -> list[OutputDataset]:
        """The version that a run published, if it did."""
        if record.version is None:
            return []
        place = self._place("publish", record.parts)
        return [_output(place, _facets(place, self._of_parts(record.parts), str(record.version)),
                        record.rows, len(record.parts))]  # fmt: skip

    def _place(self, stage: Stage, parts: Sequence[str] = ()) -> Place:
        """Where a stage writes, by a name that has no run in it; the address of published parts has."""
        artifacts = self._run.artifacts
        owner = artifacts.name if stage == "embed" else artifacts.dataset
        named = place_of(artifacts.store.url("/".join(filter(None, (owner, FOLDERS[stage])))))
        if not parts:
            return named
        folder = f"{artifacts.folder}/{parts[0].rpartition('/')[0]}"
        return named._replace(uri=place_of(artifacts.store.url(folder)).uri)

    def _of_parts(self, parts: Sequence[str]) -> pa.Schema | None:
        artifacts = self._run.artifacts
        return artifacts.store.read_schema(f"{artifacts.folder}/{parts[0]}") if parts else None


def _version(ref: DatasetRef, stage: Stage) -> str:
    return {"embed": ref.encoder_key, "detect": ref.model_key}.get(stage, ref.run_id)


def _input(place: Place, facets: dict[str, DatasetFacet], found: dict[str, Any]) -> InputDataset:
    return InputDataset(place.namespace, place.name, facets=facets, inputFacets=found)


def _output(place: Place, facets: dict[str, DatasetFacet], rows: int | None, files: int) -> OutputDataset:
    written = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
        rowCount=rows, fileCount=files
    )
    return OutputDataset(
        place.namespace, place.name, facets=facets, outputFacets={"outputStatistics": written}
    )


def _facets(place: Place, columns: pa.Schema | None = None, version: str = "") -> dict[str, DatasetFacet]:
    made: dict[str, DatasetFacet] = {
        "dataSource": datasource_dataset.DatasourceDatasetFacet(name=place.namespace, uri=place.uri)
    }
    if columns is not None:
        made["schema"] = schema_dataset.SchemaDatasetFacet(fields=list(_fields(columns)))
    if version:
        made["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=version)
    return made


def _fields(columns: pa.Schema) -> Iterator[schema_dataset.SchemaDatasetFacetFields]:
    for position, field in enumerate(columns, 1):
        about = (field.metadata or {}).get(b"about")
        yield schema_dataset.SchemaDatasetFacetFields(
            name=field.name,
            type=str(field.type),
            description=about.decode() if about else None,
            ordinal_position=position,
        )


def _counted(found: IngestFigures | None, window: str, label: str) -> dict[str, Any]:
    """What ingest counted of a window: rows that can be used, and the classes of the label."""
    if found is None:
        return {}
    quality, here = data_quality_metrics_input_dataset, window == "source"
    rows = found.rows if here else found.target_rows
    labelled = (
        {label: quality.ColumnMetrics(count=rows, distinctCount=found.classes)} if label and here else {}
    )
    facet = quality.DataQualityMetricsInputDatasetFacet(columnMetrics=labelled, rowCount=rows)
    return {"dataQualityMetrics": facet}


def _checked(gates: Sequence[GateResult]) -> dict[str, Any]:
    """What gates found, as assertions: with the figure beside what was expected."""
    quality = data_quality_assertions_dataset
    made = [_assertion(gate.stage, check) for gate in gates for check in gate.checks]
    return (
        {"dataQualityAssertions": quality.DataQualityAssertionsDatasetFacet(assertions=made)} if made else {}
    )


def _assertion(stage: Stage, check: Check) -> data_quality_assertions_dataset.Assertion:
    return data_quality_assertions_dataset.Assertion(
        assertion=check.name,
        success=check.ok,
        severity={"error": "error", "warning": "warn"}[check.severity],
        name=f"{stage}.{check.name}",
        description=check.says or None,
        expected=check.expected[:MAX_CHECKED],
        actual=check.observed[:MAX_CHECKED],
    )
