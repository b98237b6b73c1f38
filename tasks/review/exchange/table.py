"""A queue as a table of texts: for people first, and behind that what comes back with the answers."""

from __future__ import annotations

from typing import Any

from labelworks.schemas.review import ReviewQueue
from labelworks.tasks.review.exchange.carried import BEHIND, carried, likeliest

COLUMNS = ("id", "shown", "given", "suggestion", "probabilities", "answer", "annotator", *BEHIND)
NEEDED = ("id", "answer", "dataset", "run", "content")
LACKING = "give a file that `labelworks review export` or `labelworks audit sample` wrote"


def texts(queue: ReviewQueue) -> list[dict[str, str]]:
    """The cells of each row; empty where there is nothing to say."""
    return [_cells({**carried(row, queue), "shown": row.shown, "probabilities": likeliest(row)})
            for row in queue.rows]  # fmt: skip


def _cells(known: dict[str, Any]) -> dict[str, str]:
    values = {name: known.get(name) for name in COLUMNS}
    return {name: "" if value is None else str(value) for name, value in values.items()}
