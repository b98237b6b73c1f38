"""The queue of events: on disk before anyone is told that an event was taken, and there until it is done."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from labelworks.schemas.config.schedule import ReprocessConfig
from labelworks.schemas.errors import LabelworksError
from labelworks.schemas.events import DatasetChanged

REMEMBERED = 900.0  # seconds that the id of an event is known after it is done
MOST_PENDING = 100_000  # of all datasets; a listing knows what else there is
BUSY_SECONDS = 30.0
SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, dataset TEXT NOT NULL,
    body TEXT NOT NULL, received REAL NOT NULL, done REAL
);
CREATE INDEX IF NOT EXISTS pending ON events (dataset, seq) WHERE done IS NULL;
CREATE INDEX IF NOT EXISTS finished ON events (done) WHERE done IS NOT NULL;
"""


class QueueFullError(LabelworksError):
    """More events wait than are kept: the sender has to come again later."""


@dataclass(frozen=True)
class Waiting:
    """What waits for one dataset: how many events, when the first and the last came, the last's number."""

    count: int
    first: float
    last: float
    upto: int

    def over(self, reprocess: ReprocessConfig) -> bool:
        """Whether this burst is over, or was waited for long enough."""
        now = time.time()
        return now - self.last >= reprocess.debounce or now - self.first >= reprocess.max_wait


class EventQueue:
    """Events of all datasets in one SQLite file, which any number of processes may open."""

    def __init__(self, file: Path) -> None:
        self._lock = threading.Lock()
        self._base = sqlite3.connect(
            file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        with self._open() as base:
            base.execute("PRAGMA journal_mode=WAL")
            base.execute("PRAGMA synchronous=FULL")
            base.executescript(SCHEMA)

    def put(self, events: Sequence[DatasetChanged]) -> list[bool]:
        """Keep events, on disk when this returns; which of them are new, by their ids.

        Raises QueueFullError if too many wait already; then none of them is kept.
        """
        now = time.time()
        with self._open() as base, base:
            base.execute("BEGIN IMMEDIATE")
            (waiting,) = base.execute("SELECT count(*) FROM events WHERE done IS NULL").fetchone()
            if waiting + len(events) > MOST_PENDING:
                raise QueueFullError(f"{waiting:,} events wait", fix="send them again later")
            base.execute("DELETE FROM events WHERE done < ?", (now - REMEMBERED,))
            insert = "INSERT OR IGNORE INTO events (id, dataset, body, received) VALUES (?, ?, ?, ?)"
            return [
                base.execute(insert, (event.id, event.dataset, event.model_dump_json(), now)).rowcount == 1
                for event in events
            ]

    def waiting(self, dataset: str) -> Waiting | None:
        """What waits for a dataset; None if nothing does."""
        query = """SELECT count(*), min(received), max(received), max(seq) FROM events
                   WHERE dataset = ? AND done IS NULL"""
        with self._open() as base:
            count, first, last, upto = base.execute(query, (dataset,)).fetchone()
        return Waiting(count, first, last, upto) if count else None

    def scheduled(self, dataset: str) -> tuple[int, DatasetChanged] | None:
        """The first event that waits and has a flow run of its own, with its number."""
        query = """SELECT seq, body FROM events WHERE dataset = ? AND done IS NULL
                   AND json_extract(body, '$.flow_run') != '' ORDER BY seq LIMIT 1"""
        with self._open() as base:
            row = base.execute(query, (dataset,)).fetchone()
        return None if row is None else (row[0], DatasetChanged.model_validate_json(row[1]))

    def last(self, dataset: str, upto: int) -> DatasetChanged:
        """The last event of a dataset up to a number."""
        query = "SELECT body FROM events WHERE dataset = ? AND seq <= ? ORDER BY seq DESC LIMIT 1"
        with self._open() as base:
            return DatasetChanged.model_validate_json(base.execute(query, (dataset, upto)).fetchone()[0])

    def finish(self, dataset: str, upto: int, scheduled: int | None = None) -> None:
        """Mark as done what waited up to a number; of those with a flow run of their own only `scheduled`."""
        query = """UPDATE events SET done = ? WHERE dataset = ? AND done IS NULL AND
                   (seq = ? OR (seq <= ? AND json_extract(body, '$.flow_run') = ''))"""
        with self._open() as base, base:
            base.execute(query, (time.time(), dataset, scheduled, upto))

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            yield self._base
