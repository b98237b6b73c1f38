"""Workers start without the script of their parent; other processes start as ever."""

from __future__ import annotations

from multiprocessing import spawn

import pytest

from labelworks.infra.cluster.without_main import MAIN, WORKER, without_main


@pytest.fixture(autouse=True)
def _script(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python itself leaves out a `__main__` that is of no file."""
    monkeypatch.setattr("__main__.__spec__", None, raising=False)
    monkeypatch.setattr("__main__.__file__", "/somewhere/script.py", raising=False)


def said(name: str) -> set[str]:
    return set(MAIN) & set(spawn.get_preparation_data(name))


def test_a_worker_is_told_of_no_script_while_the_block_lasts() -> None:
    before = spawn.get_preparation_data
    with without_main():
        assert said(f"{WORKER} process (from Nanny)") == set()
        assert said("Process-1") == {"init_main_from_path"}
    assert spawn.get_preparation_data is before
    assert said(f"{WORKER} process (from Nanny)") == {"init_main_from_path"}


def test_nannies_give_their_processes_that_name() -> None:
    import inspect

    from distributed import nanny

    assert f'name="{WORKER}' in inspect.getsource(nanny)
