"""Batches: nothing is lost or reordered, a batch keeps to its budget, memory that runs out halves it."""

import threading
from typing import Any

import numpy as np
import pytest

from labelworks.tasks.methods.encoders.batching import TOO_LARGE, Budget, run_batches
from labelworks.tasks.methods.encoders.device import SORTED_ROWS
from labelworks.tasks.methods.encoders.transfers import gathered


def itself(rows: np.ndarray) -> np.ndarray:
    return rows


def in_order(rows: int, *given: Any) -> tuple[np.ndarray, dict[int, str]]:
    ran = run_batches(*given)
    return gathered(ran.vectors, ran.rows, rows, ran.vectors[0].shape[1]), ran.failed


def lengths_of(seed: int = 0, rows: int = 200) -> np.ndarray:
    return np.random.default_rng(seed).integers(1, 40, rows)


def test_batches_hold_every_row_once_within_the_budget_longest_first() -> None:
    lengths = lengths_of()
    cut = Budget(100).batches(lengths, np.arange(len(lengths)))
    assert sorted(np.concatenate(cut)) == list(range(len(lengths)))
    assert all(lengths[rows].max() * len(rows) <= 100 for rows in cut)
    assert [lengths[rows].max() for rows in cut] == sorted(
        (lengths[rows].max() for rows in cut), reverse=True
    )


def test_of_so_many_texts_as_a_gpu_sorts_together_little_is_padding() -> None:
    lengths = np.random.default_rng(0).integers(6, 44, SORTED_ROWS)
    cut = Budget(65_536).batches(lengths, np.arange(SORTED_ROWS))
    run = sum(int(lengths[rows].max()) * len(rows) for rows in cut)
    assert 1 - lengths.sum() / run < 0.08


def test_a_row_over_the_budget_is_alone_in_its_batch() -> None:
    cut = Budget(10).batches(np.array([500, 3, 3, 3]), np.arange(4))
    assert [len(rows) for rows in cut] == [1, 3]


def test_vectors_come_back_in_the_order_of_the_rows() -> None:
    lengths = lengths_of()
    vectors, failed = in_order(
        200, lengths, Budget(64), itself, lambda rows: np.stack([rows, lengths[rows]], axis=1)
    )
    np.testing.assert_array_equal(vectors, np.stack([np.arange(200), lengths], axis=1))
    assert failed == {}


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_out_of_memory_halves_the_batch_goes_on_and_remembers(error: Exception) -> None:
    lengths, budget, tried = lengths_of(), Budget(1000), []

    def forward(rows: np.ndarray) -> np.ndarray:
        cost = int(lengths[rows].max()) * len(rows)
        tried.append(cost)
        if cost > 130:
            raise error
        return rows[:, None].astype(np.float32)

    vectors, failed = in_order(200, lengths, budget, itself, forward)
    np.testing.assert_array_equal(vectors[:, 0], np.arange(200))
    assert failed == {}
    assert 65 < budget.cost <= 130
    refused = [cost for cost in tried if cost > 130]
    assert 1 <= len(refused) <= 3
    tried.clear()
    run_batches(lengths, budget, itself, forward)
    assert max(tried) <= 130


def test_the_next_batch_is_staged_while_one_is_run() -> None:
    begun, both = [threading.Event() for _ in range(4)], []

    def stage(rows: np.ndarray) -> int:
        begun[rows[0]].set()
        return int(rows[0])

    def run(batch: int) -> np.ndarray:
        if batch < 3:
            assert begun[batch + 1].wait(10)
        both.append(batch)
        return np.full((1, 1), batch, np.float32)

    vectors, _ = in_order(4, np.ones(4, int), Budget(1), stage, run)
    assert both == vectors[:, 0].tolist() == [0, 1, 2, 3]


def test_memory_that_runs_out_in_staging_halves_the_batch_and_loses_no_row() -> None:
    def stage(rows: np.ndarray) -> np.ndarray:
        if len(rows) > 3:
            raise MemoryError
        return rows

    vectors, failed = in_order(
        50, np.ones(50, int), Budget(20), stage, lambda rows: rows[:, None].astype(np.float32)
    )
    np.testing.assert_array_equal(vectors[:, 0], np.arange(50))
    assert failed == {}


def test_torch_s_own_error_is_recognised() -> None:
    torch = pytest.importorskip("torch")
    seen = []

    def forward(rows: np.ndarray) -> np.ndarray:
        seen.append(len(rows))
        if len(rows) > 1:
            raise torch.OutOfMemoryError("no room")
        return np.ones((1, 2), np.float32)

    vectors, _ = in_order(4, np.ones(4, int), Budget(4), itself, forward)
    assert vectors.shape == (4, 2)
    assert seen == [4, 2, 1, 1, 1, 1]


def test_a_row_that_never_fits_is_a_reason_and_the_rest_goes_on() -> None:
    lengths = np.array([3, 99, 2])

    def forward(rows: np.ndarray) -> np.ndarray:
        if (lengths[rows] > 50).any():
            raise MemoryError
        return np.ones((len(rows), 2), np.float32)

    vectors, failed = in_order(3, lengths, Budget(1000), itself, forward)
    assert failed == {1: TOO_LARGE}
    np.testing.assert_array_equal(vectors[[0, 2]], 1.0)


def test_any_other_error_is_raised() -> None:
    def forward(rows: np.ndarray) -> np.ndarray:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        run_batches(np.ones(3, int), Budget(3), itself, forward)
