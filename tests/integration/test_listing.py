"""Many objects are listed by pages, and few of them are asked for alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from schemas.config import RunConfig
from tasks.io.plan import LOOKED_AT, plan_window
from tasks.io.source import list_files
from tasks.io.store import Store

pytestmark = pytest.mark.integration
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
