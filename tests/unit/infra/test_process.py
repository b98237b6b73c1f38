"""What a process of ours does with its libraries: threads, and garbage while it imports."""

from __future__ import annotations

import gc
import os
from threading import Barrier, Thread

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from labelworks.infra.process import THREADS, imports, threads


def _most() -> int:
    np.ones((2, 2)) @ np.ones((2, 2))
    return max(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")


def test_libraries_take_as_many_threads_as_they_are_told_and_no_more_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(THREADS[0], "7")
    monkeypatch.delenv(THREADS[1], raising=False)
    before = _most()
    with threads(1):
        assert _most() == 1
        assert [os.environ[name] for name in THREADS] == ["1"] * len(THREADS)
    assert _most() == before
    assert os.environ[THREADS[0]] == "7"
    assert THREADS[1] not in os.environ


def test_no_garbage_is_looked_for_until_the_last_block_that_imports_ends() -> None:
    begun, over = Barrier(2), Barrier(2)

    def other() -> None:
        with imports():
            begun.wait(10)
            over.wait(10)

    thread = Thread(target=other)
    with imports():
        thread.start()
        begun.wait(10)
    assert not gc.isenabled()
    over.wait(10)
    thread.join()
    assert gc.isenabled()


def test_whoever_looks_for_no_garbage_is_left_alone() -> None:
    gc.disable()
    try:
        with imports():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
