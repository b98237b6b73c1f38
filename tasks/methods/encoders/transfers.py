"""Between memory and a device: what goes in through pinned memory, what comes out in one buffer a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def to_device(array: NDArray[Any], device: str) -> Any:
    """An array on the device, through pinned memory, so that the copy does not wait for the kernel before."""
    import torch

    tensor = torch.from_numpy(array)
    if not device.startswith("cuda"):
        return tensor
    return tensor.pin_memory().to(device, non_blocking=True)


def gathered(parts: Sequence[Any], rows: NDArray[np.intp], total: int, dim: int) -> NDArray[np.float16]:
    """Vectors (total, dim) in memory, of batches (n, dim) that lie on the device one after the other.

    rows: where each of their rows goes; the others are zeros. Put in order on the device, as halves, they
    leave it in one copy, and that is waited for once. What is too large for a half is inf.
    """
    import torch

    if not parts:
        return np.zeros((total, dim), np.float16)
    vectors = [torch.as_tensor(part).half() for part in parts]
    place = np.full(total, len(rows), np.int64)
    place[rows] = np.arange(len(rows))
    none = vectors[0].new_zeros((1, dim))
    return to_host(torch.cat([*vectors, none])[to_device(place, str(none.device))])


def to_host(tensor: Any) -> NDArray[Any]:
    """A tensor in memory; of a GPU it is pinned, and only the work of this thread's stream is waited for."""
    import torch

    if not tensor.is_cuda:
        return np.asarray(tensor.numpy())
    pinned = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    pinned.copy_(tensor, non_blocking=True)
    torch.cuda.current_stream().synchronize()
    return np.asarray(pinned.numpy())


class Lane:
    """Streams of one batch after another: copies to the device run beside the model, not in line with it.

    Where there is no GPU there are no streams, and everything happens in the order of its calls.
    """

    def __init__(self, device: str) -> None:
        import torch

        there = device.startswith("cuda") and torch.cuda.is_available()
        self._copies, self._work = (torch.cuda.Stream(device) if there else None for _ in range(2))

    def staged(self, stage: Callable[[Any], Any], rows: Any) -> tuple[Any, Any]:
        """What `stage(rows)` puts on the device, and the event that it is there (None: it is)."""
        import torch

        with torch.cuda.stream(self._copies):
            batch = stage(rows)
            return batch, None if self._copies is None else self._copies.record_event()

    def working(self, work: Callable[..., Any], *given: Any) -> Any:
        """`work(*given)` in the stream of the model."""
        import torch

        with torch.cuda.stream(self._work):
            return work(*given)

    def ran(self, run: Callable[[Any], Any], staged: tuple[Any, Any]) -> Any:
        """`run(batch)` of what was staged, once it is on the device."""
        batch, copied = staged
        if self._work is not None and copied is not None:
            self._work.wait_event(copied)
            for tensor in tensors(batch):  # else its memory is given to the next copy while it is read
                tensor.record_stream(self._work)
        return self.working(run, batch)


def tensors(batch: Any) -> Iterator[Any]:
    """The tensors of a batch: of a mapping, of a sequence, or itself."""
    if hasattr(batch, "record_stream"):
        yield batch
    elif isinstance(batch, dict | list | tuple):
        for part in batch.values() if isinstance(batch, dict) else batch:
            yield from tensors(part)
