"""`labelworks init` on keys of an object store, and what it writes read back: images, tables of paths."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import fsspec
import pytest
from PIL import Image

from labelworks.schemas.config.load import load_config
from labelworks.tasks.embed.stage import embed_group, fit_encoder
from labelworks.tasks.ingest.stage import ingest
from labelworks.tasks.planning.open_run import plan_run

FOLDERS = ("cat", "big dog #1")
NAMES = [f"{FOLDERS[row % 2]}/{row}.png" for row in range(20)]


def png(shade: int) -> bytes:
    sink = io.BytesIO()
    Image.new("L", (4, 4), shade).save(sink, "PNG")
    return sink.getvalue()


@pytest.mark.parametrize("source", ["pets/", "pets/meta [1].csv"])
def test_images_of_a_bucket_are_a_source(
    source: str, bucket: Any, command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, options = bucket
    fs = fsspec.filesystem("s3", **options, skip_instance_cache=True)
    for row, name in enumerate(NAMES):
        fs.pipe_file(f"{url}/pets/{name}", png(row * 10))
    if source.endswith(".csv"):
        lines = "".join(f"{name};{name.split('/')[0]}\n" for name in NAMES)
        fs.pipe_file(f"{url}/{source}", f"file;animal\n{lines}".encode())
    monkeypatch.setenv("AWS_ENDPOINT_URL", options["endpoint_url"])
    monkeypatch.chdir(tmp_path)
    code, _, err = command("init", f"{url}/{source}")
    assert code == 0, err
    config = load_config("labelworks.yaml")
    assert config.dataset.image_root == (f"{url}/pets" if source.endswith(".csv") else None)
    run, plans = plan_run(config, {})
    ref = ingest(run, plans).ref
    assert ref.classes == tuple(sorted(FOLDERS))
    spec = fit_encoder(run, ref, "cpu", 1)
    done = embed_group.fn(ref.partitions, run.artifacts, run.source, spec, "1/1", {})
    assert (sum(each.rows for each in done), sum(each.without for each in done)) == (20, 0)
