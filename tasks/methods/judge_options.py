"""What a judge of labels is fitted by, besides the data."""

from __future__ import annotations

from dataclasses import dataclass

from labelworks.tasks.methods.chosen import Chosen


@dataclass(frozen=True)
class JudgeOptions:
    """The probes, what adapts the embedding before them, the noise method, and how many rows may be strange.

    query_bank: a class name that attracts all rows gets less. out_of_scope: share of the rows, of none of the
    classes most, that people look at.
    """

    probes: tuple[str, ...]
    adapt: Chosen
    noise: Chosen
    query_bank: bool
    out_of_scope: float
