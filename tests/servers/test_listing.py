"""Many objects are listed by pages, once a run, and few of them are asked for alone."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import fsspec
import pytest
from PIL import Image

from labelworks.flows.reprocess import reprocess
from labelworks.schemas.config.run import RunConfig
from labelworks.tasks.embed.stage import embed_group, fit_encoder
from labelworks.tasks.ingest.stage import ingest
from labelworks.tasks.planning.open_run import plan_run
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
    quiet = {"content": False}  # which looks at the columns of some files again
    return run_config(f"{url}/in/", dataset={"storage_options": reached}, detect=quiet), seen


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


def test_images_of_a_folder_are_listed_once_and_read_once_by_one_request(bucket: Any, proxy: Any) -> None:
    url, options = bucket
    store = Store(url, options)
    names = [f"pets/{('cat', 'dog')[row % 2]}/{row}.png" for row in range(600)]
    for shade, name in enumerate(names):
        store.write(name, png(shade % 256))
    seen = proxy(options["endpoint_url"])
    reached = {**options, "endpoint_url": seen.url}

    def vectors_made() -> int:
        seen.seen.clear()
        data = {"source": f"{url}/pets/", "label": "label", "id": "path", "storage_options": reached}
        raw = {"dataset": {**data, "features": {"image": "image"}}, "store": {"root": f"{url}/store"}}
        raw["store"]["storage_options"] = options
        run, plans = plan_run(RunConfig.model_validate(raw), {})
        ref = ingest(run, plans).ref
        assert seen.count("GET", ".png") == 0
        spec = fit_encoder(run, ref, "cpu", 1)
        fitted = seen.count("GET", ".png")
        done = embed_group.fn(ref.partitions, run.artifacts, run.source, spec, "1/1", {})
        assert seen.count("HEAD", ".png") == 0
        assert sum("prefix=pets" in path for _, path, _ in seen.seen) == 1 + 1  # and what the address is
        read = [path for method, path, _ in seen.seen if method == "GET" and ".png" in path][fitted:]
        assert len(read) == len(set(read)) == sum(part.rows for part in done if part.new)
        return len(read)

    assert vectors_made() == len(names)
    store.write(names[0], png(200))
    assert 1 <= vectors_made() < len(names) / 2  # the partition of the one that changed, of four


def png(shade: int) -> bytes:
    sink = io.BytesIO()
    Image.new("L", (4, 4), shade).save(sink, "PNG")
    return sink.getvalue()
