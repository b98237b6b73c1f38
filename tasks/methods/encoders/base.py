"""What an encoder is."""

from __future__ import annotations

import hashlib
import io
import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.registry import get

State = dict[str, NDArray[Any]]
DEFAULTS = {
    "vector": "vector",
    "columns": "standardize",
    "image": "pixels",
    "text": "tfidf",
    "tokens": "token-context",
}
AS_GIVEN = "as given"  # the dtype of vectors that are kept as the encoder gave them
NOT_FINITE = "the encoder gave NaN or inf"
PART_FORMAT = 4  # of what is kept under a key: another format is another key


@dataclass(frozen=True)
class Encoded:
    """Vectors (N, D) and, row by row, why there is none (None: there is one).

    words (N, W): packed by `pack_words`, for probes of words; cells (N, C): packed by `pack_cells`, for
    trees; measures (N, M): of decoded images, by `content.image.measures`, NaN where there is none;
    tokens (N,): of lists, by `raw_lists` the vectors of each token, whose mean the vector is. None: the
    encoder gives none.
    """

    vectors: NDArray[np.floating]
    reasons: list[str | None]
    words: NDArray[np.uint32] | None = None
    cells: NDArray[np.uint32] | None = None
    measures: NDArray[np.float32] | None = None
    tokens: pa.Array | None = None


def finite_rows(vectors: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which rows (N,) of vectors (N, D) are without NaN and inf; halves by their bits: quicker."""
    if vectors.dtype != np.float16 or not vectors.size:
        return np.asarray(np.isfinite(vectors).all(axis=1))
    bits = np.ascontiguousarray(vectors).view(np.uint16)
    return np.asarray((bits & 0x7FFF).max(axis=1) < 0x7C00)


class Encoder(ABC):
    """Turns a column into vectors. Made from options, fitted once a dataset, loaded once a worker.

    `fit_rows` is the size of the sample it is fitted on, `batch_rows` how many rows it is given at a time,
    `in_flight` how many threads call `infer` at once. `fit_share` below 1: it fits so closely that its
    vectors of these rows differ from those of rows to come; then it is fitted on rows of that share alone,
    and the others are compared with a target window.
    `prepare` runs in a thread ahead of `infer`; together they are `encode`. `device`, `threads`, `cores`
    (that prepare rows beside a GPU) and `workers` (how many encode at once) are set before `load`: they
    change the speed, not the vectors. An encoder that runs on a GPU says so by
    `uses_device`; the tasks of any other go to CPU workers. `own_units`: each dimension of its vectors has a
    unit of its own, so that they are scaled before distances are taken.
    `numbers_only`: of several columns it reads numbers and truths alone.
    """

    kind: str
    towers: ClassVar[bool] = False  # one for each kind of feature that it reads; `make` then sets `kind`
    device: str = "cpu"
    threads: int | None = None
    cores: int = 1
    workers: int = 1
    uses_device: ClassVar[bool] = False
    own_units: ClassVar[bool] = False
    numbers_only: ClassVar[bool] = True
    dtype: ClassVar[str] = "float16"
    revision: ClassVar[str] = "1"
    options: ClassVar[dict[str, Any]] = {}
    fit_rows: ClassVar[int] = 0
    fit_share: ClassVar[float] = 1.0
    batch_rows: int = 1024

    def __init__(self, **options: Any) -> None:
        unknown = sorted(set(options) - set(self.options))
        if unknown:
            known = ", ".join(sorted(self.options)) or "none"
            raise ConfigError(
                f"unknown option {unknown[0]!r}", where="encoder.options", fix=f"options: {known}"
            )
        self.chosen = {**self.options, **options}

    def pinned(self) -> dict[str, Any]:
        """Its options, with what they leave open decided: a model's commit, which weights are the default."""
        return self.chosen

    def lacks(self, device: str) -> str:
        """Why it can't run on a device in this process; "" if it can."""
        return ""

    def identity(self) -> dict[str, Any]:
        """What of the encoder decides its vectors."""
        return {"revision": self.revision, "options": self.pinned(), "dtype": self.dtype}

    def fit(self, values: pa.Array) -> State:
        """Learn from a sample of the column what encoding needs; nothing by default."""
        return {}

    def load(self, state: State) -> None:  # noqa: B027 - most encoders have nothing to load
        """Make ready to encode: open the model, take the fitted state."""

    @abstractmethod
    def encode(self, values: pa.Array) -> Encoded:
        """Encode a batch of the column, row by row."""

    def prepare(self, values: pa.Array) -> Any:
        """Do what needs no device: tokenise, decode. Called in another thread, one batch ahead."""
        return values

    def infer(self, prepared: Any) -> Encoded:
        """Encode what `prepare` gave."""
        return self.encode(prepared)

    @property
    def in_flight(self) -> int:
        """One, unless what Python does for one batch can be hidden behind another."""
        return 1

    @property
    def reads_names(self) -> bool:
        """Whether it can encode class names into the space of the rows."""
        return self.kind == "text"

    def encode_names(self, names: list[str]) -> Encoded:
        """Encode class names (K,) into the space of the rows; ConfigError if it reads no texts."""
        if not self.reads_names:
            raise ConfigError(
                f"{type(self).__name__} has no text tower to encode class names",
                where="encoder.name",
                fix="take an encoder of texts, or open-clip",
            )
        return self.encode(pa.array(names, pa.string()))


def encoder_name(name: str, kind: str) -> str:
    """The encoder meant by `auto` for a kind of feature; ConfigError for a kind that has none."""
    if name == "auto" and kind not in DEFAULTS:
        raise ConfigError(
            f"no encoder of {kind} features comes with Labelworks",
            where="encoder.name",
            fix="name one of a package of your own: see docs/embedding.md",
        )
    return DEFAULTS[kind] if name == "auto" else name


def fit_share(name: str, kind: str) -> float:
    """Share of the rows that the encoder of that name is fitted on, at most; 1: no vector shows it."""
    share: float = getattr(get("encoders", encoder_name(name, kind)).target, "fit_share", 1.0)
    return share


def numbers_only(name: str, kind: str) -> bool:
    """Whether the encoder of that name reads numbers alone where features are several columns."""
    return bool(getattr(get("encoders", encoder_name(name, kind)).target, "numbers_only", True))


def own_units(name: str, kind: str) -> bool:
    """Whether each dimension of the vectors of the encoder of that name has a unit of its own."""
    return bool(getattr(get("encoders", encoder_name(name, kind)).target, "own_units", False))


def make(name: str, kind: str, options: dict[str, Any]) -> Encoder:
    """Make an encoder; raise ConfigError if it is unknown or made for another kind of feature."""
    chosen = encoder_name(name, kind)
    method = get("encoders", chosen)
    encoder: Encoder = method.target(**options)
    if kind not in method.modality:
        raise ConfigError(
            f"encoder {chosen!r} reads {' or '.join(method.modality)}, but the features are {kind}",
            where="encoder.name",
            fix=f"name an encoder of {kind}"
            + (f", or leave it out for {DEFAULTS[kind]!r}" if kind in DEFAULTS else ""),
        )
    encoder.kind = kind
    return encoder


def key_of(name: str, encoder: Encoder, column: str) -> str:
    """Name of the folder its vectors are kept in: another option is another key."""
    identity = json.dumps([name, encoder.identity(), column, PART_FORMAT], sort_keys=True, default=str)
    return f"{name}-{hashlib.blake2b(identity.encode(), digest_size=6).hexdigest()}"


def pack(state: State) -> bytes:
    """Write a state as one uncompressed .npz; no pickles."""
    sink = io.BytesIO()
    np.savez(sink, allow_pickle=False, **state)
    return sink.getvalue()


def unpack(data: bytes) -> State:
    """Read what `pack` wrote; pickled objects are refused."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
