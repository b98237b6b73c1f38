"""The images of a queue, small, as addresses of data: as many as a file may hold."""

from __future__ import annotations

from labelworks.schemas.records import DatasetRef
from labelworks.schemas.review import ReviewQueue
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.shown.contents import contents
from labelworks.tasks.artifacts.shown.thumbnails import thumbnail
from labelworks.tasks.review.exchange.carried import Picture
from labelworks.tasks.sources.source import Source

TOGETHER = 32 << 20  # characters of all pictures in a file


def queue_pictures(
    artifacts: Artifacts, source: Source, ref: DatasetRef, queue: ReviewQueue
) -> dict[tuple[str, int], Picture]:
    """Those of its rows, the first ones first, by partition and row; none where rows hold no images.

    A row without one is shown by where it is from.
    """
    if all(part.kind != "image" for part in source.columns.by_kind):
        return {}
    places = list(dict.fromkeys((row.partition, row.row) for row in queue.rows))
    read = contents(artifacts, source, ref, places, pictured=len(places))
    pictures, size = dict[tuple[str, int], Picture](), 0
    for place, content in zip(places, read, strict=True):
        made = thumbnail(content.image, form="jpeg") if content.image else None
        size += len(made[0]) if made else 0
        if made and size <= TOGETHER:
            pictures[place] = Picture(*made)
    return pictures
