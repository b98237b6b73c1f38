"""What the first pass over the embeddings leaves: sums, a sample, contents; kept and read."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.methods.noise_judge import Sample
from labelworks.tasks.methods.probes.ridge_by_fold import TargetSums
from labelworks.tasks.methods.sums import FoldSums


@dataclass(frozen=True)
class FirstPass:
    """Of some partitions: their sums, their rows of the sample, and contents that were hashed.

    owners (M,): the place of each sampled row's partition in the list of them all.
    contents: content, given, row, signature, sketch, and part, which is such a place too.
    targets: sums of labels that are no single class; `sums` are then of all rows as of one class.
    """

    sums: FoldSums
    sample: Sample
    owners: NDArray[np.int32]
    contents: pa.Table
    targets: TargetSums | None = None

    def placed(self, places: NDArray[np.int32]) -> FirstPass:
        """Its rows with new places: `places[old]` (P,), those dropped whose place is -1."""
        owners, parts = places[self.owners], places[self.contents["part"].to_numpy()]
        place = self.contents.column_names.index("part")
        contents = self.contents.set_column(place, "part", pa.array(parts)).filter(pa.array(parts >= 0))
        return replace(
            self, sample=self.sample.only(owners >= 0), owners=owners[owners >= 0], contents=contents
        )

    def ordered(self) -> FirstPass:
        """The same with rows in the order of their partitions, however it was put together."""
        rows = np.argsort(self.owners, kind="stable")
        contents = self.contents.take(pa.array(np.argsort(self.contents["part"].to_numpy(), kind="stable")))
        return replace(self, sample=self.sample.only(rows), owners=self.owners[rows], contents=contents)


def merged(passes: Sequence[FirstPass]) -> FirstPass:
    """One of many: sums added, rows one after the other."""
    targets = [each.targets for each in passes if each.targets is not None]
    return FirstPass(
        reduce(add, (each.sums for each in passes)),
        Sample.joined([each.sample for each in passes]),
        np.concatenate([each.owners for each in passes]),
        pa.concat_tables([each.contents for each in passes]),
        reduce(add, targets) if targets else None,
    )


def read_first_pass(artifacts: Artifacts) -> FirstPass:
    """Read what the first pass left."""
    data = artifacts.store.read(artifacts.file("embed", "sums.npz"))
    with np.load(io.BytesIO(data), allow_pickle=False) as found:
        sums = FoldSums(found["count"], found["total"], found["gram"])
        targets = TargetSums.of_arrays(found) if "target" in found else None
        sample = Sample.of_arrays(found)
        owners = found["owners"]
    contents = artifacts.store.read_table(artifacts.file("embed", "contents.parquet"))
    return FirstPass(sums, sample, owners, contents, targets)


def rows_by_class(artifacts: Artifacts) -> tuple[NDArray[np.float64], int]:
    """How many rows each class (K,) has in the source, and how many there are. Of numbers, their sum."""
    data = artifacts.store.read(artifacts.file("embed", "sums.npz"))
    with np.load(io.BytesIO(data), allow_pickle=False) as found:
        by_class = found["target" if "target" in found else "count"].sum(axis=0)
        return np.asarray(by_class), int(found["count"].sum())


def write_first_pass(artifacts: Artifacts, found: FirstPass, about: dict[str, Any]) -> None:
    """Keep a first pass; about: what it depends on, written last."""
    sink = io.BytesIO()
    np.savez(
        sink,
        allow_pickle=False,
        owners=found.owners,
        **(found.targets or found.sums).arrays,
        **found.sample.arrays,
    )
    artifacts.store.write(artifacts.file("embed", "sums.npz"), sink.getvalue())
    artifacts.store.write_table(artifacts.file("embed", "contents.parquet"), found.contents)
    artifacts.store.write(artifacts.file("embed", "sums.json"), json.dumps(about).encode())
