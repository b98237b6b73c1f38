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
from labelworks.tasks.methods.statistics.sums import FoldSums

ABOUT = "first-pass.json"
COUNTS, SUMS, SAMPLE, CONTENTS = "counts.json", "sums.npz", "sample.npz", "contents.parquet"


@dataclass(frozen=True)
class FirstPass:
    """Of some partitions: their sums, and their rows of the sample.

    owners (M,): the place of each sampled row's partition in the list of them all.
    targets: sums of labels that are no single class; `sums` are then of all rows as of one class.
    """

    sums: FoldSums
    sample: Sample
    owners: NDArray[np.int32]
    targets: TargetSums | None = None

    def rows(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> FirstPass:
        """With some rows of the sample: those of a mask or of places (M,)."""
        return replace(self, sample=self.sample.only(rows), owners=self.owners[rows])

    def less(self, lost: FirstPass) -> FirstPass:
        """Without the sums of partitions that went."""
        both = self.targets is not None and lost.targets is not None
        targets = self.targets - lost.targets if both else None  # type: ignore[operator]
        return replace(self, sums=self.sums - lost.sums, targets=targets)

    @property
    def by_class(self) -> NDArray[np.float64]:
        """How many rows there are of each class (K,). Of numbers, their sum."""
        return np.asarray((self.sums.count if self.targets is None else self.targets.target).sum(axis=0))


@dataclass(frozen=True)
class Summed:
    """A first pass over some partitions, and contents that were hashed on it.

    contents: content, given, row, signature, sketch, and part, the place of a partition in the list of all.
    """

    first: FirstPass
    contents: pa.Table

    def placed(self, places: NDArray[np.int32]) -> Summed:
        """Its rows with new places: `places[old]` (P,), those dropped whose place is -1."""
        owners, parts = places[self.first.owners], places[self.contents["part"].to_numpy()]
        place = self.contents.column_names.index("part")
        contents = self.contents.set_column(place, "part", pa.array(parts)).filter(pa.array(parts >= 0))
        return Summed(replace(self.first, owners=owners).rows(owners >= 0), contents)

    def ordered(self) -> Summed:
        """The same with rows in the order of their partitions, however it was put together."""
        rows = np.argsort(self.first.owners, kind="stable")
        contents = self.contents.take(pa.array(np.argsort(self.contents["part"].to_numpy(), kind="stable")))
        return Summed(self.first.rows(rows), contents)


def merged(parts: Sequence[Summed]) -> Summed:
    """One of many: sums added, rows one after the other."""
    passes = [part.first for part in parts]
    targets = [part.targets for part in passes if part.targets is not None]
    first = FirstPass(
        reduce(add, (part.sums for part in passes)),
        Sample.joined([part.sample for part in passes]),
        np.concatenate([part.owners for part in passes]),
        reduce(add, targets) if targets else None,
    )
    return Summed(first, pa.concat_tables([part.contents for part in parts]))


def read_first_pass(artifacts: Artifacts) -> FirstPass:
    """Read the sums and the sample that the first pass left."""
    sums = _read_arrays(artifacts, SUMS)
    targets = TargetSums.of_arrays(sums) if "target" in sums else None
    return FirstPass(FoldSums.of_arrays(sums), *read_sample(artifacts), targets)


def read_sample(artifacts: Artifacts) -> tuple[Sample, NDArray[np.int32]]:
    """Read the sample alone, and the owners of its rows (M,)."""
    arrays = _read_arrays(artifacts, SAMPLE)
    owners = arrays.pop("owners")
    return Sample.of_arrays(arrays), owners


def sampled_share(artifacts: Artifacts) -> float:
    """The share of all rows that the sample is: `in_sample` says of which."""
    return float(artifacts.store.read_json(artifacts.file("embed", ABOUT))["share"])


def read_contents(artifacts: Artifacts) -> pa.Table:
    """Read the contents that the first pass hashed, as in `Summed`."""
    return artifacts.store.read_table(artifacts.file("embed", CONTENTS))


def rows_by_class(artifacts: Artifacts) -> tuple[NDArray[np.float64], int]:
    """How many rows each class (K,) has in the source, and how many there are. Of numbers, their sum."""
    counts = artifacts.store.read_json(artifacts.file("embed", COUNTS))
    return np.array(counts["by_class"], np.float64), counts["rows"]


def write_first_pass(artifacts: Artifacts, summed: Summed, about: dict[str, Any]) -> None:
    """Keep a first pass, each thing in an object of its own, for no stage needs all of them.

    about: what it depends on, written last.
    """
    first = summed.first
    counts = {"by_class": first.by_class.tolist(), "rows": int(first.sums.count.sum())}
    artifacts.store.write_json(artifacts.file("embed", COUNTS), counts)
    _write_arrays(artifacts, SUMS, (first.targets or first.sums).arrays)
    _write_arrays(artifacts, SAMPLE, {**first.sample.arrays, "owners": first.owners})
    artifacts.store.write_table(artifacts.file("embed", CONTENTS), summed.contents)
    artifacts.store.write(artifacts.file("embed", ABOUT), json.dumps(about).encode())


def _write_arrays(artifacts: Artifacts, name: str, arrays: dict[str, NDArray[Any]]) -> None:
    sink = io.BytesIO()
    np.savez(sink, allow_pickle=False, **arrays)
    artifacts.store.write(artifacts.file("embed", name), sink.getvalue())


def _read_arrays(artifacts: Artifacts, name: str) -> dict[str, NDArray[Any]]:
    data = io.BytesIO(artifacts.store.read(artifacts.file("embed", name)))
    with np.load(data, allow_pickle=False) as arrays:
        return dict(arrays)
