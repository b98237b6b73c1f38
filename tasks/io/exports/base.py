"""A version as the exports see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from tasks.io.store import Store


@dataclass(frozen=True)
class Version:
    """A published version: its number, the run that made it, and the names of its parts in the store."""

    store: Store
    dataset: str
    number: int
    run_id: str
    parts: tuple[str, ...]

    @property
    def folder(self) -> str:
        """The run's folder in the store."""
        return f"{self.dataset}/runs/{self.run_id}"

    def tables(self) -> Iterator[pa.Table]:
        """Yield the parts one after the other."""
        for part in self.parts:
            yield self.store.read_table(part)
