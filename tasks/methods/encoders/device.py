"""Encoders that run a torch model on a device: prepared ahead in threads, batched by length, run in half."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.encoders.base import Encoded, Encoder, State
from labelworks.tasks.methods.encoders.batching import Budget, out_of_memory, run_batches
from labelworks.tasks.methods.encoders.importing import needed, trusted
from labelworks.tasks.methods.encoders.transfers import Lane, gathered, to_host

SORTED_ROWS = 32_768  # texts that are sorted by length together beside a GPU: less of its batches is padding
IN_FLIGHT = 2  # batches on a GPU: what Python does for one is hidden behind the other
PRECISIONS = ("auto", "float32", "bfloat16", "float16")


class Kept(Protocol):
    """Rows that lie in one array, or on the device."""

    def __len__(self) -> int: ...

    def only(self, rows: NDArray[np.intp]) -> Kept:
        """Some rows (n,), in their order."""


@dataclass(frozen=True)
class Prepared:
    """Rows ready for the device: what each usable one is and how long (1 if all are), and all reasons.

    measures (N, M): of images, see `Encoded`.
    """

    items: Sequence[Any] | Kept
    lengths: NDArray[np.int64]
    usable: NDArray[np.intp]
    reasons: list[str | None]
    measures: NDArray[np.float32] | None = None

    def some(self, rows: NDArray[np.intp]) -> Sequence[Any] | Kept:
        """What the usable rows (n,) are, by their places."""
        if isinstance(self.items, Sequence):
            return [self.items[row] for row in rows]
        return self.items.only(rows)


class DeviceEncoder(Encoder):
    """Runs a model on `device`. Subclasses open it, prepare rows, stage a batch of them and run it.

    Options: `batch_size`, what a batch may cost (tokens with their padding, or images), halved when memory
    runs out, by default what suits the device; `precision`; `compile`, whether torch.compile is worth
    its start; of texts `packed`, whether they are run without padding, which isn't compiled.
    """

    uses_device = True
    speed: ClassVar[tuple[str, ...]] = ("batch_size", "compile", "packed")  # options that change no vector
    cost: ClassVar[int] = 64  # of a batch on a processor, if `batch_size` says none: what its caches hold
    on_gpu: ClassVar[int] = 8  # times as much keeps a GPU busy
    budget: Budget
    packs: bool = False  # texts are run without padding

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.check_choice("precision", PRECISIONS)
        trusted(self.chosen)

    def check_choice(self, option: str, choices: Sequence[str]) -> None:
        """Raise ConfigError where an option is none of its choices."""
        if self.chosen[option] not in choices:
            raise ConfigError(
                f"unknown {option} {self.chosen[option]!r}",
                where=f"encoder.options.{option}",
                fix=f"choices: {', '.join(choices)}",
            )

    def identity(self) -> dict[str, Any]:
        """Name, options, and of a model on disk its weights; what only makes it faster is left out."""
        chosen = {name: value for name, value in self.pinned().items() if name not in self.speed}
        towers = {"kind": self.kind} if self.towers else {}
        return {**super().identity(), "options": chosen, "weights": self.weights(), **towers}

    def weights(self) -> str:
        """Fingerprint of weights on disk; "" for a model that its name and revision identify."""
        return ""

    def lacks(self, device: str) -> str:
        """Why torch can't run it on a device here: built without CUDA, or it finds no GPU; "" if it can."""
        if device == "cpu":
            return ""
        torch = needed("torch", "text")
        if torch.cuda.is_available():
            return ""
        built = torch.version.cuda or torch.version.hip
        return f"torch {torch.__version__} " + ("finds no GPU" if built else "was built without CUDA")

    @property
    def helpers(self) -> int:
        """Cores that prepare rows: beside a GPU all but the one that runs it; else the worker's own."""
        return (self.threads or 1) if self.device == "cpu" else max(1, self.cores - 1)

    @property
    def in_flight(self) -> int:
        """Two beside a GPU."""
        return 1 if self.device == "cpu" else IN_FLIGHT

    def load(self, state: State) -> None:
        """Open the model, and run one row to know the dimension; ConfigError if something is missing."""
        torch = needed("torch", "text")
        if self.threads:
            torch.set_num_threads(self.threads)
        gain = 1 if self.device == "cpu" else self.on_gpu
        self.budget = Budget(int(self.chosen["batch_size"] or self.cost * gain))
        self.open()
        self.dim = to_host(torch.as_tensor(self.run(self.staged([self.blank()]))).half()).shape[1]

    def encode(self, values: pa.Array) -> Encoded:
        """Encode a batch of the column, row by row."""
        return self.infer(self.prepare(values))

    def infer(self, prepared: Prepared) -> Encoded:
        """Run the prepared rows through the model; a row that can't be is a reason for none."""
        if not len(prepared.usable):
            none = np.zeros((len(prepared.reasons), self.dim), dtype=np.float16)
            return Encoded(none, prepared.reasons, measures=prepared.measures)
        lane = Lane(self.device)

        def stage(rows: NDArray[np.intp]) -> Any:
            return lane.staged(lambda some: self.staged(prepared.some(some)), rows)

        ran = run_batches(prepared.lengths, self.budget, stage, partial(lane.ran, self.run))
        place, total = prepared.usable[ran.rows], len(prepared.reasons)
        vectors = lane.working(gathered, ran.vectors, place, total, self.dim)
        reasons = list(prepared.reasons)
        for row, reason in ran.failed.items():
            reasons[prepared.usable[row]] = reason
        return Encoded(vectors, reasons, measures=prepared.measures)

    @abstractmethod
    def open(self) -> None:
        """Open the model on `device`."""

    @abstractmethod
    def blank(self) -> Any:
        """A row that always can be run."""

    def staged(self, items: Any) -> Any:
        """Rows as one batch on the device, padded or stacked; made in a thread, one batch ahead of `run`."""
        return items

    @abstractmethod
    def run(self, staged: Any) -> Any:
        """Run a batch that is on the device: vectors (N, D), a tensor there, or an array in memory."""


def half(precision: str, device: str) -> Any:
    """The dtype to compute in: `auto` takes bfloat16 where the device multiplies it, else float16 on GPUs."""
    import torch

    if precision != "auto":
        return getattr(torch, precision)
    if device.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    return torch.bfloat16 if cpu_multiplies_bfloat16() else torch.float32


def cpu_multiplies_bfloat16() -> bool:
    """Whether this CPU has instructions for it: without them it is slower than float32."""
    import torch

    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def made_ready(module: Any, device: str, dtype: Any = None) -> Any:
    """A module on its device, in a dtype if one is given, for inference only; ConfigError if it can't be."""
    try:
        return module.eval().requires_grad_(False).to(device=device, dtype=dtype)
    except (AssertionError, RuntimeError) as error:  # the former: torch was built without the device
        text = str(error).strip().split("\n")[0]
        fix = "take a smaller model" if out_of_memory(error) else "install a torch that runs on this GPU"
        raise ConfigError(
            f"the model can't be put on {device}: {text}",
            where="compute.gpu",
            fix=f"{fix}, or set compute.gpu to off",
        ) from error


def compiled(called: Any, wish: bool) -> Any:
    """What is called with a batch, compiled if wished: a module's `forward`, or the method that is given."""
    import torch

    return torch.compile(called, dynamic=True) if wish else called
