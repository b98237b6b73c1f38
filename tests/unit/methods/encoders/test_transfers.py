"""Vectors leave the device in one buffer, in order; without a GPU its streams are none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from labelworks.tasks.methods.encoders.transfers import Lane, gathered, tensors, to_device, to_host

torch = pytest.importorskip("torch")


def test_vectors_are_put_in_order_as_halves_and_what_did_not_run_is_zero() -> None:
    parts = [torch.tensor([[1.0, 2.0], [3.0, 1e9]]), np.array([[5.0, 6.0]], np.float32)]
    vectors = gathered(parts, np.array([3, 0, 2]), 5, 2)
    assert vectors.dtype == np.float16
    assert vectors.tolist() == [[3.0, np.inf], [0.0, 0.0], [5.0, 6.0], [1.0, 2.0], [0.0, 0.0]]


def test_nothing_that_ran_is_zeros_of_the_dimension() -> None:
    np.testing.assert_array_equal(gathered([], np.zeros(0, np.intp), 3, 4), np.zeros((3, 4)))


def test_a_copy_there_and_back_is_the_same_bytes() -> None:
    numbers = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
    np.testing.assert_array_equal(to_host(to_device(numbers, "cpu")), numbers)


def test_a_lane_of_a_processor_does_what_it_is_given_in_the_order_of_the_calls() -> None:
    lane, done = Lane("cpu"), []

    def stage(rows: np.ndarray) -> dict[str, Any]:
        done.append("staged")
        return {"ids": torch.from_numpy(rows)}

    def run(batch: dict[str, Any]) -> Any:
        done.append("ran")
        return batch["ids"] * 2

    staged = lane.staged(stage, np.arange(3))
    assert staged[1] is None
    assert lane.ran(run, staged).tolist() == [0, 2, 4]
    assert lane.working(sum, [1, 2]) == 3
    assert done == ["staged", "ran"]


def test_tensors_of_a_batch_are_met_wherever_they_lie() -> None:
    first, second = torch.zeros(1), torch.ones(2)
    met = list(tensors({"pixels": [first, np.zeros(2)], "more": (second, "text")}))
    assert [one.shape for one in met] == [first.shape, second.shape]
