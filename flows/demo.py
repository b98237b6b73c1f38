"""The demo: the real pipeline on real digits, and how close it came to a truth that it never saw."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.flows.execute import execute
from labelworks.schemas.config.run import ComputeConfig, RunConfig
from labelworks.schemas.records import RunRecord
from labelworks.tasks.execution.progress import Progress
from labelworks.tasks.methods.registry import get
from labelworks.tasks.sources.demo_digits import LABELLED, Digits, write_digits
from labelworks.tasks.storage.store import Store

DIGITS = 10


def demo_config(store: str, digits: Digits, compute: ComputeConfig) -> RunConfig:
    """The config of the demo, as a user would write it."""
    return RunConfig.model_validate(
        {
            "dataset": {
                "name": "digits",
                "source": digits.source,
                "id": "id",
                "label": "label",
                "features": {"image": "image"},
                "target": digits.target,
            },
            "store": {"root": store},
            "compute": compute,
        }
    )


def run_demo(
    store: str,
    *,
    seed: int = 0,
    progress: Progress | None = None,
    compute: ComputeConfig = ComputeConfig(),  # noqa: B008 - frozen
) -> tuple[RunRecord, dict[str, Any]]:
    """Write the digits, run the pipeline on them, and compare what it found with the truth."""
    kept = Store(store)
    digits = write_digits(kept, seed)
    record = execute(demo_config(store, digits, compute), progress=progress)
    return record, compare(kept, record, digits) if record.status == "published" else {}


def compare(store: Store, record: RunRecord, digits: Digits) -> dict[str, Any]:
    """Found against true: wrong labels, noise rate, prior of the window, accuracy of a model."""
    published = _published(store, record, digits)
    wrong = digits.given != digits.true
    flagged = published["suggestion"].is_valid().to_numpy()
    if record.noise is None or record.shift is None:
        raise ValueError("the demo's run has no findings")
    prior = np.array(record.shift.prior, dtype=np.float64)
    true_prior = np.bincount(digits.window_true, minlength=10) / len(digits.window_true)
    hits = int(np.count_nonzero(flagged & wrong))
    label, weight = published["label"].to_numpy(), published["weight"].to_numpy()
    return {
        "noise": {
            "precision": hits / max(int(flagged.sum()), 1),
            "recall": hits / max(int(wrong.sum()), 1),
            "rate": record.noise.rate,
            "true_rate": float(wrong.mean()),
        },
        "prior": {
            str(digit): {"estimated": float(prior[digit]), "true": float(true_prior[digit])}
            for digit in range(10)
        },
        "prior_mae": float(np.abs(prior - true_prior).mean()),
        "accuracy": {
            "raw": _accuracy(digits, digits.given, None),
            "treated": _accuracy(digits, label, weight),
            "clean": _accuracy(digits, digits.true, None),
        },
    }


def _accuracy(digits: Digits, labels: NDArray[np.int64], weight: NDArray[np.float32] | None) -> float:
    """Accuracy on the window's true labels of a model trained on these labels."""
    model = get("models", "multinomial").target(digits.pixels, labels, weight, DIGITS)
    return float(np.mean(model(digits.window_pixels).argmax(axis=1) == digits.window_true))


def _published(store: Store, record: RunRecord, digits: Digits) -> pa.Table:
    """The published rows, in the order they were written in: parts and rows of the source."""
    folder = f"{record.dataset}/runs/{record.run_id}"
    tables = [store.read_table(f"{folder}/{part}") for part in record.parts]
    table = pa.concat_tables(tables).sort_by([("source_file", "ascending"), ("source_row", "ascending")])
    if table.num_rows != LABELLED:
        raise ValueError(f"{table.num_rows} rows were published, not {LABELLED}")
    return table
