"""The server of the page: its links, its socket, what it reads of the rows, and its end."""

from __future__ import annotations

import secrets
import socket
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial

from labelworks.flows.served.review.app import review_app
from labelworks.infra.processes.serving import LOOPBACK, port_of, serve
from labelworks.schemas.records import DatasetRef
from labelworks.schemas.review import ReviewQueue, ReviewRow
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.decisions.log import append_decisions
from labelworks.tasks.catalog.served_page import page_served
from labelworks.tasks.review.desk.around import Around, around
from labelworks.tasks.review.desk.desk import ReviewDesk
from labelworks.tasks.review.desk.opened import open_desk
from labelworks.tasks.sources.source import Source

PARTITIONS = 16  # whose rows are held with what is around them
TOKEN_BYTES = 24
GRACE_SECONDS = 10


class Surroundings:
    """What is around rows: a partition is read when the first of its rows is looked at, for all of them."""

    def __init__(self, artifacts: Artifacts, source: Source, ref: DatasetRef, desk: ReviewDesk) -> None:
        self._artifacts, self._source, self._ref, self._desk = artifacts, source, ref, desk
        self._parts = {partition.key: partition for partition in ref.of("source")}
        self._held: OrderedDict[str, dict[str, Around]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, row: ReviewRow) -> Around:
        """What is around a row."""
        with self._lock:
            if row.partition not in self._held:
                rows = [other for other in self._desk.rows.values() if other.partition == row.partition]
                part = self._parts[row.partition]
                self._held[row.partition] = around(self._artifacts, self._source, self._ref, part, rows)
            self._held.move_to_end(row.partition)
            if len(self._held) > PARTITIONS:
                self._held.popitem(last=False)
            return self._held[row.partition][row.id]


def serve_review(
    artifacts: Artifacts, source: Source, ref: DatasetRef, queue: ReviewQueue, *,
    annotators: Sequence[str], listening: socket.socket, tell: Callable[[str], None],
) -> None:  # fmt: skip
    """Serve a queue to people, a link for each, until Ctrl-C or SIGTERM; what was answered is stored then."""
    desk = open_desk(artifacts, source, ref, queue)
    tokens = {secrets.token_urlsafe(TOKEN_BYTES): name for name in annotators}
    keep = partial(append_decisions, artifacts.store, artifacts.dataset)
    app = review_app(desk, keep, Surroundings(artifacts, source, ref, desk), tokens)
    address = f"http://{LOOPBACK}:{port_of(listening)}/"
    with page_served(artifacts.store, artifacts.dataset, address):
        for token, name in tokens.items():
            tell(f"{name}: {address}?token={token}")
        serve(
            app,
            listening.detach(),
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
