"""The alarm that remembers: each new batch is one more look, whichever run or version it came with."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.run import Run
from labelworks.tasks.methods.arrays import sample
from labelworks.tasks.methods.drift.by_window import between
from labelworks.tasks.methods.drift.sequential import SequentialTest, monitor
from labelworks.tasks.storage.versions import read_version, versions

KEPT = 4000  # rows of earlier batches of the target
HISTORY = 50  # looks that are told


@dataclass(frozen=True)
class Rows:
    """Rows of a window's sample: features (n, D), and the places of their partitions (n,)."""

    features: NDArray[np.floating]
    owners: NDArray[np.integer]


def watch_batches(run: Run, ref: DatasetRef, source: Rows, target: Rows | None) -> dict[str, Any]:
    """Look at the rows that no earlier version has seen: of the target, or of the source if there is none.

    They are tested against all rows of before, so that the looks are independent while nothing drifts, and
    the state goes on from that of the newest version. Returns it; empty while there was nothing to look at.
    """
    window = "source" if target is None else "target"
    known = _earlier(run, ref, window)
    watched = source if target is None else target
    identities = [each.identity for each in ref.of(window)]
    new = ~np.isin(watched.owners, [place for place, each in enumerate(identities) if each in known["seen"]])
    first = target is None and not known["seen"]  # of a source's first version nothing came before
    before = watched.features[~new] if target is None else _past(known["run"], source.features)
    batch = watched.features[new]
    test = None if first or not new.any() else between(before, batch)
    history = known["history"]
    if test is not None:
        state = monitor(test.p_value, _state(known))
        look = {"run": run.id, "rows": len(batch), "p_value": test.p_value, "effect": test.effect}
        history = [*history, look][-HISTORY:]
        known = {**known, "wealth": state.wealth.tolist(), "looks": state.looks, "alarm": state.alarm}
    seen = sorted({*known["seen"], *identities}) if target is not None else identities
    kept = {**known, "seen": seen, "history": history, "window": window, "encoder": ref.encoder_key}
    if target is not None:
        _keep(run, np.concatenate([before[len(source.features) :], batch]))
    run.store.write_json(run.file("detect", "watch.json"), {**kept, "run": None})
    return _told(kept)


def _earlier(run: Run, ref: DatasetRef, window: str) -> dict[str, Any]:
    """What the run of the newest version knew, if it watched the same window by the same encoder."""
    nothing: dict[str, Any] = {
        "seen": [],
        "history": [],
        "wealth": None,
        "looks": 0,
        "alarm": None,
        "run": None,
    }
    newest = max(versions(run.store, run.dataset), default=None)
    if newest is None:
        return nothing
    earlier = run.named(read_version(run.store, run.dataset, newest)["run_id"])
    name = earlier.file("detect", "watch.json")
    found = dict(run.store.read_json(name)) if run.store.exists(name) else {}
    if (found.get("window"), found.get("encoder")) != (window, ref.encoder_key):
        return nothing
    return {**found, "run": earlier}


def _state(known: dict[str, Any]) -> SequentialTest | None:
    if known["wealth"] is None:
        return None
    return SequentialTest(np.array(known["wealth"]), known["looks"], known["alarm"])


def _past(earlier: Run | None, source: NDArray[np.floating]) -> NDArray[np.floating]:
    """The rows of the source, then those that are kept of earlier batches."""
    name = earlier.file("detect", "watch.npz") if earlier else ""
    if earlier is None or not earlier.store.exists(name):
        return source
    with np.load(io.BytesIO(earlier.store.read(name)), allow_pickle=False) as found:
        return np.concatenate([source, found["features"].astype(source.dtype)])


def _keep(run: Run, rows: NDArray[np.floating]) -> None:
    sink = io.BytesIO()
    np.savez(sink, allow_pickle=False, features=rows[sample(len(rows), KEPT)])
    run.store.write(run.file("detect", "watch.npz"), sink.getvalue())


def _told(kept: dict[str, Any]) -> dict[str, Any]:
    state = _state(kept)
    if state is None:
        return {}
    return {
        "window": kept["window"],
        "e_value": state.e_value,
        "looks": state.looks,
        "alarm": state.alarm,
        "batches": kept["history"],
    }
