"""The watcher: lists each source again and again, and queues what changed. Keeps nothing on disk."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Collection
from pathlib import Path

from labelworks.infra.events.queue import EventQueue, QueueFullError
from labelworks.infra.secrets import storage_secrets
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import LabelworksError
from labelworks.schemas.events import MOST_OBJECTS, DatasetChanged
from labelworks.schemas.secrets.logging import tell
from labelworks.tasks.planning.open_run import open_run
from labelworks.tasks.sources.changes import Difference, Marks, difference, list_marks
from labelworks.tasks.storage.filesystem import import_s3

SHARE = 0.1  # of the time may be spent listing, however long a listing takes
LONGEST_PAUSE = 60.0
LISTINGS = 3


class WatchedSource:
    """What was seen of one dataset's windows when they were last listed."""

    def __init__(self, config: RunConfig, queue: EventQueue) -> None:
        self.config, self.queue = config, queue
        self.options = open_run(config, "", storage_secrets(config.store)).source.options
        self.seen: Marks | None = None

    def look(self) -> DatasetChanged | None:
        """List the source once; the event that was queued, or None if all is as it was.

        The first look queues an event too: nobody knows what happened before. What was seen is remembered
        after the event is on disk, so that a watcher that dies in between tells of it again.
        """
        data = self.config.dataset
        now: Marks = {}
        for place, form in data.places.items():
            now |= list_marks(place, form, self.options)
        event = None
        if self.seen is None:
            event = DatasetChanged(dataset=data.name, source=data.source[:1024], unknown=True, cause="start")
        elif changes := difference(self.seen, now):
            event = changed(data.name, data.source, changes)
        if event is not None:
            self.queue.put([event])
        self.seen = now
        return event

    def keep(self) -> None:
        """Look for ever. A source that can't be listed is tried again, ever less often."""
        pause = self.config.reprocess.poll
        failed = 0
        spent: deque[float] = deque(maxlen=LISTINGS)
        while True:
            began = time.monotonic()
            try:
                self.look()
                failed = 0
            except (LabelworksError, QueueFullError) as error:
                failed += 1
                if failed == 1:
                    tell(self.config.dataset.name, f"can't be watched, trying again: {error}")
            spent.append(time.monotonic() - began)
            time.sleep(rest(pause, spent, failed))


def rest(poll: float, spent: Collection[float], failed: int) -> float:
    """Seconds until the next look, after listings that took so long and so many failures in a row.

    The quickest of the last listings counts: one that was held up by the network says nothing of its cost.
    """
    longer = min(poll * 2**failed, max(poll, LONGEST_PAUSE)) if failed else poll
    return max(longer, min(spent) * (1 / SHARE - 1))


def changed(dataset: str, source: str, changes: Difference) -> DatasetChanged:
    """The event of a difference; too many objects are not named."""
    groups = (changes.added, changes.changed, changes.removed)
    few = sum(map(len, groups)) <= MOST_OBJECTS and all(len(tag) <= 1024 for group in groups for tag in group)
    added, altered, removed = groups if few else ((), (), ())
    return DatasetChanged(
        dataset=dataset,
        source=source[:1024],
        added=added,
        changed=altered,
        removed=removed,
        unknown=not few,
        cause="watcher",
    )


def main(state: str, parent: str) -> None:
    """Watch the sources of all configs until the process that started this one is gone."""
    import_s3()  # here, so that no two of the threads below import it at once

    from labelworks.infra.events.sqs import receive_for_ever
    from labelworks.infra.processes.state_folder import configs
    from labelworks.infra.processes.supervisor import end_with

    end_with(int(parent))
    folder = Path(state)
    queue, watched = EventQueue(folder / "events.db"), configs(folder)
    threads = [
        threading.Thread(target=WatchedSource(config, queue).keep, daemon=True)
        for config in watched
        if config.reprocess.watch
    ]
    threads += [
        threading.Thread(target=receive_for_ever, args=(url, watched, queue), daemon=True)
        for url in sorted({config.reprocess.sqs for config in watched if config.reprocess.sqs})
    ]
    for thread in threads:
        thread.start()
    while all(thread.is_alive() for thread in threads):
        time.sleep(1)
    sys.exit(1)  # a thread died of what nobody expected: a new process is started


if __name__ == "__main__":
    main(*sys.argv[1:])
