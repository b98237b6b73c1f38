"""The alarm that remembers: each new batch is one more look, whichever run or version it came with."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.findings import Look, MonitorFindings
from labelworks.schemas.records import DatasetRef, Record
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.methods.arrays import sample
from labelworks.tasks.methods.drift.by_window import between
from labelworks.tasks.methods.drift.sequential import SequentialTest, monitor
from labelworks.tasks.storage.versions import read_version, versions

STATE = "watch.json"
KEPT = 4000  # rows of earlier batches of the target
HISTORY = 50  # looks that are told


@dataclass(frozen=True)
class Rows:
    """Rows of a window's sample: features (n, D), and the places of their partitions (n,)."""

    features: NDArray[np.floating]
    owners: NDArray[np.integer]


class MonitorState(Record):
    """What a run keeps for the next one: the partitions that were looked at, and the state of the test."""

    window: str = ""
    encoder: str = ""
    seen: tuple[str, ...] = ()
    history: tuple[Look, ...] = ()
    wealth: tuple[float, ...] | None = None
    looks: int = 0
    alarm: int | None = None

    @property
    def test(self) -> SequentialTest | None:
        """The sequential test so far; None before the first look."""
        return None if self.wealth is None else SequentialTest(np.array(self.wealth), self.looks, self.alarm)

    def after(self, look: Look, p_value: float) -> MonitorState:
        """The state after one more look."""
        test = monitor(p_value, self.test)
        wealth = {"wealth": tuple(test.wealth.tolist()), "looks": test.looks, "alarm": test.alarm}
        return self.model_copy(update={**wealth, "history": (*self.history, look)[-HISTORY:]})


def watch_batches(
    artifacts: Artifacts, ref: DatasetRef, source: Rows, target: Rows | None
) -> MonitorFindings | None:
    """Look at the rows that no earlier version has seen: of the target, or of the source if there is none.

    They are tested against all rows of before, so that the looks are independent while nothing drifts, and
    the state goes on from that of the newest version. Returns it; None while there was nothing to look at.
    """
    window = "source" if target is None else "target"
    known, earlier = _earlier(artifacts, ref, window)
    watched = source if target is None else target
    identities = [partition.identity for partition in ref.of(window)]
    new = ~np.isin(
        watched.owners, [place for place, identity in enumerate(identities) if identity in known.seen]
    )
    first = target is None and not known.seen  # of a source's first version nothing came before
    before = watched.features[~new] if target is None else _past(earlier, source.features)
    batch = watched.features[new]
    test = None if first or not new.any() else between(before, batch)
    if test is not None:
        look = Look(run=artifacts.id, rows=len(batch), p_value=test.p_value, effect=test.effect)
        known = known.after(look, test.p_value)
    seen = sorted({*known.seen, *identities}) if target is not None else identities
    kept = known.model_copy(update={"seen": tuple(seen), "window": window, "encoder": ref.encoder_key})
    if target is not None:
        _keep(artifacts, np.concatenate([before[len(source.features) :], batch]))
    artifacts.store.write_json(artifacts.file("detect", STATE), kept.model_dump(mode="json"))
    return _told(kept)


def _earlier(artifacts: Artifacts, ref: DatasetRef, window: str) -> tuple[MonitorState, Artifacts | None]:
    """What the run of the newest version knew, and that run; nothing if it watched other rows."""
    newest = max(versions(artifacts.store, artifacts.dataset), default=None)
    if newest is None:
        return MonitorState(), None
    earlier = artifacts.named(read_version(artifacts.store, artifacts.dataset, newest)["run_id"])
    name = earlier.file("detect", STATE)
    if not artifacts.store.exists(name):
        return MonitorState(), None
    state = MonitorState.model_validate(_of_any_version(artifacts.store.read_json(name)))
    if (state.window, state.encoder) != (window, ref.encoder_key):
        return MonitorState(), None
    return state, earlier


def _of_any_version(kept: dict[str, Any]) -> dict[str, Any]:
    """The state without the `run` that earlier versions of this project kept in it, always null."""
    return {name: value for name, value in kept.items() if name != "run"}


def _past(earlier: Artifacts | None, source: NDArray[np.floating]) -> NDArray[np.floating]:
    """The rows of the source, then those that are kept of earlier batches."""
    name = earlier.file("detect", "watch.npz") if earlier else ""
    if earlier is None or not earlier.store.exists(name):
        return source
    with np.load(io.BytesIO(earlier.store.read(name)), allow_pickle=False) as arrays:
        return np.concatenate([source, arrays["features"].astype(source.dtype)])


def _keep(artifacts: Artifacts, rows: NDArray[np.floating]) -> None:
    sink = io.BytesIO()
    np.savez(sink, allow_pickle=False, features=rows[sample(len(rows), KEPT)])
    artifacts.store.write(artifacts.file("detect", "watch.npz"), sink.getvalue())


def _told(kept: MonitorState) -> MonitorFindings | None:
    test = kept.test
    if test is None:
        return None
    return MonitorFindings(
        window="target" if kept.window == "target" else "source",
        e_value=test.e_value,
        looks=test.looks,
        alarm=test.alarm,
        batches=kept.history,
    )
