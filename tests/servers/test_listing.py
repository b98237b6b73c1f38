"""Many objects are listed by pages, once a run, and few of them are asked for alone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import fsspec
import pytest

from labelworks.flows.reprocess import reprocess
from labelworks.schemas.config.run import RunConfig
from labelworks.tasks.planning.plan import LOOKED_AT, plan_window
from labelworks.tasks.sources.files import SourceReader, list_files
from labelworks.tasks.storage.store import Store
from tests.support.stages import run_stages, without_engine

OBJECTS, PAGE = 2500, 1000
PAGES = OBJECTS // PAGE + 1 + 2  # and what the address is


def test_a_folder_of_many_objects_is_listed_by_pages_and_planned_by_few_of_them(
    bucket: Any, proxy: Any
) -> None:
    url, options = bucket
    store = Store(url, options)
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(lambda number: store.write(f"in/{number:05d}.csv", b"text,label\nx,y\n"), range(OBJECTS))
        )
    seen = proxy(options["endpoint_url"])
    reached = {**options, "endpoint_url": seen.url}
    files = list_files(f"{url}/in/", "auto", reached)
    assert [file.name for file in files] == [f"{number:05d}.csv" for number in range(OBJECTS)]
    assert seen.count("HEAD", ".csv") == 0
    assert len(seen.seen) <= PAGES
    seen.seen.clear()
    data = {"source": f"{url}/in/", "label": "label", "features": {"text": "text"}}
    plan = plan_window(RunConfig.model_validate({"dataset": data}), "source", reached)
    assert sum(len(part.pieces) for part in plan.partitions) == OBJECTS
    assert len(seen.seen) <= PAGES + 2 * LOOKED_AT  # a size and a range of each


@pytest.fixture
def afar(made: Any, write: Any, run_config: Any, bucket: Any, proxy: Any) -> tuple[RunConfig, Any]:
    """A config whose source is three files behind a proxy that counts, and the proxy."""
    url, options = bucket
    source = write(made(rows=120).table, parts=3)
    fsspec.filesystem("s3", **options).put(str(source), f"{url}/in/", recursive=True)
    seen = proxy(options["endpoint_url"])
    reached = {**options, "endpoint_url": seen.url}
    return run_config(f"{url}/in/", dataset={"storage_options": reached}), seen


@pytest.mark.parametrize("start", [run_stages, reprocess])
def test_a_run_lists_its_source_once_and_looks_once_at_its_files(
    afar: tuple[RunConfig, Any], start: Callable[[RunConfig], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, seen = afar
    looked: list[str] = []
    look = SourceReader.look
    monkeypatch.setattr(SourceReader, "look", lambda self: looked.append(self.path) or look(self))
    with without_engine():
        start(config)
    pages = [path for method, path, _ in seen.seen if method == "GET" and "max-keys=1&" not in f"{path}&"]
    assert sum("list-type=2" in path and "prefix=in" in path for path in pages) == 1, pages
    assert len(looked) == len(set(looked)) == 3
    with without_engine():
        start(config)
    assert len(looked) == (3 if start is reprocess else 6)  # what was done is found by the listing alone
