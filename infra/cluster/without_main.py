"""Workers of this machine start without the script or the notebook that started the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import spawn

WORKER = "Dask Worker"  # so begins the name that a nanny gives its process
MAIN = ("init_main_from_name", "init_main_from_path")


@contextmanager
def without_main() -> Iterator[None]:
    """Processes of workers that are started in this block don't import `__main__` again.

    A spawned process runs the script of its parent first, for what is pickled by `__main__.NAME`. Of a run
    nothing is: its functions are those of packages. And a script without `if __name__ == "__main__"` would
    start the run once more in each worker. Other processes, whoever starts them, are spawned as ever.
    """
    prepared = spawn.get_preparation_data

    def preparation(name: str) -> dict[str, object]:
        data = prepared(name)
        return {key: value for key, value in data.items() if not (name.startswith(WORKER) and key in MAIN)}

    spawn.get_preparation_data = preparation
    try:
        yield
    finally:
        spawn.get_preparation_data = prepared
