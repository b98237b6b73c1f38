"""Metrics for Prometheus, read from the store: the latest run of each dataset, and how runs ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily

from labelworks.tasks.catalog.history import Entry, entries
from labelworks.tasks.storage.store import Store

FIGURES = {
    "labelworks_rows": "Labelled rows of the latest run.",
    "labelworks_flagged_share": "Share of its labels that look wrong.",
    "labelworks_noise_rate": "Estimated share of wrong labels.",
    "labelworks_changed_share": "Share of its labels that were changed.",
    "labelworks_prior_shift": "Total variation between the class mix of the source and of the target.",
    "labelworks_accuracy_gain": "Accuracy of a model trained on treated labels minus that on raw labels.",
    "labelworks_version": "Number of the newest version.",
    "labelworks_finished_timestamp_seconds": "When the latest run ended, in seconds since 1970.",
}
BY_STAGE = {
    "labelworks_stage_seconds": "Seconds that each stage of the latest run took.",
    "labelworks_gate_failures": "Expectations of each gate that the latest run failed.",
    "labelworks_gate_warnings": "Expectations of each gate that only warned.",
}
RUNS = "labelworks_runs"


class StoreCollector:
    """Reads the store when asked; what has ended is read once."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._ended: dict[str, Entry] = {}

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the metrics as they are now."""
        figures = {
            name: GaugeMetricFamily(name, about, labels=["dataset"]) for name, about in FIGURES.items()
        }
        staged = {
            name: GaugeMetricFamily(name, about, labels=["dataset", "stage"])
            for name, about in BY_STAGE.items()
        }
        runs = GaugeMetricFamily(RUNS, "Runs by how they ended.", labels=["dataset", "status"])
        for dataset, runs_of in entries(self.store, self._ended).items():
            for status, number in sorted(Counter(run.status for run in runs_of).items()):
                runs.add_metric([dataset, status], number)
            ended = [run for run in runs_of if run.record is not None]
            if ended:
                _add(figures, staged, dataset, ended[-1], max(max(e.versions, default=0) for e in runs_of))
        yield from (*figures.values(), *staged.values(), runs)


def registry(store: Store) -> CollectorRegistry:
    """A registry that holds the metrics of a store."""
    collectors = CollectorRegistry()
    collectors.register(StoreCollector(store))
    return collectors


def _add(
    figures: dict[str, GaugeMetricFamily],
    staged: dict[str, GaugeMetricFamily],
    dataset: str,
    latest: Entry,
    version: int,
) -> None:
    record = latest.record
    if record is None:
        return
    values: dict[str, Any] = {
        "labelworks_rows": record.rows,
        "labelworks_flagged_share": record.noise and record.noise.flagged_share,
        "labelworks_noise_rate": record.noise and record.noise.rate,
        "labelworks_changed_share": record.treatment and record.treatment.changed_share,
        "labelworks_prior_shift": record.shift and record.shift.total_variation,
        "labelworks_accuracy_gain": record.validation and record.validation.difference,
        "labelworks_version": version,
        "labelworks_finished_timestamp_seconds": _seconds(record.finished),
    }
    for name, value in values.items():
        if value is not None:
            figures[name].add_metric([dataset], value)
    for stage, gate in record.gates.items():
        staged["labelworks_stage_seconds"].add_metric([dataset, stage], record.timings.get(stage, 0.0))
        staged["labelworks_gate_failures"].add_metric([dataset, stage], len(gate.failed))
        staged["labelworks_gate_warnings"].add_metric([dataset, stage], len(gate.warned))


def _seconds(finished: str) -> float | None:
    return datetime.fromisoformat(finished).timestamp() if finished else None
