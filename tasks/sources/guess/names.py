"""Names of columns as the words that they are made of."""

from __future__ import annotations

import re

HUMP = re.compile(r"(?<=[a-z\d])(?=[A-Z])")
PREDICTED = (
    "prob", "probs", "proba", "probabilities", "probability", "pred", "preds", "prediction", "predictions",
    "predicted", "softmax", "posterior", "likelihood", "logit", "logits",
)  # fmt: skip
PART = re.compile(r"[^\W\d_]+|\d+")


def words(name: str) -> tuple[str, ...]:
    """The words of a column's name, lower-case: `ticketNo`, `ticket_no` and `Ticket No.` have the same."""
    return tuple(part.lower() for part in PART.findall(HUMP.sub(" ", name)))
