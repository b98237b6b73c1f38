"""What named splits of a dataset (train, test …) have in common that they should not."""

from __future__ import annotations

from pydantic import Field

from labelworks.schemas.findings.base import Findings, Number


class SplitFindings(Findings):
    """One split, and what of it another split has too."""

    name: str
    rows: int
    exact: int = Field(description="rows whose content another split has too")
    near: int = Field(description="rows with a near duplicate in another split, and no equal one")
    same_id: int = Field(description="rows whose id another split has too")
    copies_in: dict[str, int] = Field(
        default_factory=dict, description="rows with an equal or near duplicate there, by split"
    )
    unseen_labels: tuple[str, ...] = Field((), description="classes that the training split lacks")
    unseen_rows: int = Field(0, description="rows of these")
    early: int | None = Field(
        None, description="rows from before the end of the training split; None: no times"
    )


class LeakedRow(Findings):
    """A row of one split that another split has too."""

    id: str
    split: str
    why: str
    also_in: tuple[str, ...]


class LeakageFindings(Findings):
    """Splits of the labelled rows, by a column of the source."""

    column: str
    train: str | None = Field(description="the split that models learn from; None: there is none of its name")
    splits: tuple[SplitFindings, ...]
    looked_at: Number = Field(description="share of the contents that were compared, drawn by their hashes")
    leaked_rows: int = Field(description="outside of the training split, in another split too")
    leaked_share: Number = Field(description="of the rows outside of the training split that were compared")
    unseen_labels: int = Field(0, description="classes of other splits that the training split lacks")
    early_share: Number = Field(None, description="of the rows outside of it, from before its end")
    shown: tuple[LeakedRow, ...] = Field((), description="some leaked rows; all are in embed/leaks.parquet")
