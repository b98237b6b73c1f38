"""What an encoder, a map of its vectors and the probes behind it must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

    from labelworks.tasks.methods.encoders.base import Encoded, State
    from labelworks.tasks.methods.probes.affine import Affine
    from labelworks.tasks.methods.probes.ensemble import Linear
    from labelworks.tasks.methods.probes.words_by_class import WordsByClass
    from labelworks.tasks.methods.probes.zero_shot import ClassNames
    from labelworks.tasks.methods.statistics.sums import ClassSums


class EncoderMethod(Protocol):
    """A class made from options, fitted once a dataset, loaded once a worker: best a subclass of Encoder."""

    def identity(self) -> dict[str, Any]:
        """What of the encoder decides its vectors."""

    def lacks(self, device: str) -> str:
        """Why it can't run on a device in this process; "" if it can."""

    def fit(self, values: pa.Array) -> State:
        """Learn from a sample of the column what encoding needs."""

    def load(self, state: State) -> None:
        """Make ready to encode."""

    def encode(self, values: pa.Array) -> Encoded:
        """Encode a batch of the column, row by row."""

    def prepare(self, values: pa.Array) -> Any:
        """Do what needs no device, one batch ahead."""

    def infer(self, prepared: Any) -> Encoded:
        """Encode what `prepare` gave."""

    def encode_names(self, names: list[str]) -> Encoded:
        """Encode class names (K,) into the space of the rows."""


class AdaptMethod(Protocol):
    """A map of the embedding, learnt from merged sums; None: it stays as it is. Options are keywords."""

    def __call__(self, sums: ClassSums, /) -> Affine | None:
        """Learn it."""


class SumsProbe(Protocol):
    """A probe fitted on merged sums: weights (D, K) and intercepts (K,)."""

    def __call__(self, sums: ClassSums, /) -> Linear:
        """Fit it."""


class RowsProbe(Protocol):
    """A probe that needs rows: features (N, D), labels (N,) in [0, classes)."""

    def __call__(
        self, features: NDArray[np.floating], labels: NDArray[np.integer], classes: int, /
    ) -> Linear:
        """Fit it."""


class NamesProbe(Protocol):
    """A probe made of the encoded class names: it sees no row."""

    def __call__(self, names: ClassNames, /) -> Linear:
        """Make it."""


class WordsProbe(Protocol):
    """A probe fitted on the words of each class: weights (V, K) and intercepts (K,)."""

    def __call__(self, words: WordsByClass, /) -> Linear:
        """Fit it."""


class CellsModel(Protocol):
    """A fitted probe of cells."""

    classes: int

    def log_probs(self, cells: NDArray[np.uint32], /) -> NDArray[np.float32]:
        """Log-probabilities (N, K) of packed cells (N, W)."""


class CellsProbe(Protocol):
    """A probe fitted on the packed cells (N, W) of a table's rows, labels (N,) in [0, classes)."""

    def __call__(self, cells: NDArray[np.uint32], labels: NDArray[np.integer], classes: int, /) -> CellsModel:
        """Fit it."""


class MappedProbe(Protocol):
    """A probe fitted on merged sums of random features: weights (M, K) and intercepts (K,)."""

    def __call__(self, mapped: ClassSums, /) -> Linear:
        """Fit it."""
