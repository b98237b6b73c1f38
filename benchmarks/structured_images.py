r"""Folders of images on S3, by the requests that they cost; what is odd about images, beside Datalab.

    OMP_NUM_THREADS=1 python -m benchmarks.structured_images [folder paths issues] [--images 20000]
        [--peers PYTHON]

`--peers` is the interpreter of an environment with cleanlab 2.9.0 and cleanvision 0.3.7:
`python -m venv PEERS; PEERS/bin/pip install cleanlab[datalab]==2.9.0 cleanvision==0.3.7`. Without it
its column is left out. The S3 server (moto) runs in this process and counts what it is asked.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from benchmarks.made_images import ISSUES, encoded, made_set
from labelworks.schemas.config.run import RunConfig

CLASSES = 77
PEERS = ("Datalab", "cleanvision")
PREFIX, TABLES = "images/", "tables/"
PARTS = 32  # tables of paths
PEER = r"""
import glob, json, sys
from cleanlab import Datalab
from cleanvision import Imagelab
from datasets import Dataset, Image
names = {"dark": "dark", "light": "light", "blurry": "blurry", "low-information": "low_information",
         "grayscale": "grayscale", "odd-size": "odd_size", "odd-ratio": "odd_aspect_ratio"}
files = sorted(glob.glob(sys.argv[1] + "/*"))
rows = Dataset.from_dict({"image": files, "label": [0, 1] * (len(files) // 2)}).cast_column("image", Image())
lab = Datalab(rows, label_name="label", image_key="image", verbosity=0)
lab.find_issues(issue_types={"image_issue_types": {name: {} for name in names.values()}})
alone = Imagelab(filepaths=files)
alone.find_issues({name: {} for name in names.values()}, n_jobs=1, verbose=False)
flags = {
    peer: {ours: found[f"is_{name}_issue"].to_numpy().nonzero()[0].tolist() for ours, name in names.items()}
    for peer, found in (("Datalab", lab.get_issues()), ("cleanvision", alone.issues.loc[files]))
}
print("found " + json.dumps(flags))
"""


def main() -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", nargs="*", default=["folder", "paths", "issues"])
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=3, help="made sets of images, seeded 0, 1, …")
    parser.add_argument("--rows", type=int, default=2_000, help="images of a made set")
    parser.add_argument("--peers")
    asked = parser.parse_args()
    for table in ("folder", "paths"):
        if table in asked.tables:
            requests(asked.images, table)
    if "issues" in asked.tables:
        issues(asked.seeds, asked.rows, asked.peers)


def requests(images: int, table: str) -> None:
    """Requests to S3 of a run on images, and of the next after one of them changed.

    table: `folder`, as the folder has them, or `paths`, as parquet files beside it name them.
    """
    with server() as counted, tempfile.TemporaryDirectory() as kept:
        from moto.s3.models import s3_backends

        backend = s3_backends["123456789012"]["aws"]
        backend.create_bucket("bucket", "us-east-1")
        for name, data in pictures_of_classes(images):
            backend.put_object("bucket", name, data)
        for name, data in tables_of_paths(images) if table == "paths" else ():
            backend.put_object("bucket", name, data)
        print(
            "| step | LIST of the folder | HEAD of images | GET of images | partitions embedded | seconds |"
        )
        print("|---|---|---|---|---|---|")
        measured(counted, kept, table, f"{images:,} images, {CLASSES} folders: ")
        changed = f"{PREFIX}{CLASSES // 2:02d}/{CLASSES // 2:06d}.png"
        backend.put_object("bucket", changed, encoded(Image.new("RGB", (24, 24), (9, 200, 9))))
        measured(counted, kept, table, "one image changed: ")


def measured(counted: Counter[tuple[str, str]], kept: str, table: str, about: str) -> None:
    """Print the requests and seconds of planning, ingest, fitting and embedding."""
    from labelworks.tasks.detect.content.judge_content import judge_content
    from labelworks.tasks.embed.stage import embed_group, fit_encoder
    from labelworks.tasks.ingest.stage import ingest
    from labelworks.tasks.planning.open_run import listed_once, plan_run

    root = f"s3://bucket/{PREFIX}"
    data: dict[str, Any] = {"label": "label", "id": "path"}
    if table == "folder":
        data |= {"source": root, "features": {"image": "image"}}
    else:
        data |= {"source": f"s3://bucket/{TABLES}", "features": {"image": "path"}, "image_root": root}
    config = RunConfig.model_validate({"dataset": data, "store": {"root": kept}})
    with listed_once():
        run, plans = step(counted, f"{about}plan", lambda: plan_run(config, {}))
        ref = step(counted, f"{about}ingest", lambda: ingest(run, plans).ref)
        spec = step(counted, f"{about}fit the encoder", lambda: fit_encoder(run, ref, "cpu", 1))
        step(
            counted,
            f"{about}embed",
            lambda: embed_group.fn(ref.partitions, run.artifacts, run.source, spec, "1/1", {}),
        )
        ref = ref.model_copy(update={"encoder_key": spec.key})
        step(counted, f"{about}what is odd", lambda: judge_content(run.artifacts, run.source, ref))


def step(counted: Counter[tuple[str, str]], about: str, made: Callable[[], Any]) -> Any:
    """Print what one step asked of the folder."""
    counted.clear()
    started = perf_counter()
    result = made()
    new = [part.new for part in result] if isinstance(result, list) else None
    embedded = "" if new is None else f"{sum(new)} of {len(new)}"
    asked = " | ".join(
        f"{counted[what]:,}" for what in (("GET", "list"), ("HEAD", "image"), ("GET", "image"))
    )
    print(f"| {about} | {asked} | {embedded} | {perf_counter() - started:.0f} |", flush=True)
    return result


def pictures_of_classes(images: int) -> Iterator[tuple[str, bytes]]:
    """Small pictures, each class a pattern of its own in noise, in the folder of their class."""
    rng = np.random.default_rng(0)
    patterns = rng.integers(40, 216, (CLASSES, 4, 4, 3)).repeat(6, axis=1).repeat(6, axis=2)
    for number in range(images):
        label = number % CLASSES
        pixels = np.clip(patterns[label] + rng.normal(0, 25, (24, 24, 3)), 0, 255).astype(np.uint8)
        yield f"{PREFIX}{label:02d}/{number:06d}.png", encoded(Image.fromarray(pixels))


def tables_of_paths(images: int) -> Iterator[tuple[str, bytes]]:
    """Parquet files of paths and classes of the same pictures, each of some of them."""
    for part in range(PARTS):
        labels = [number % CLASSES for number in range(part, images, PARTS)]
        paths = [f"{label:02d}/{part + PARTS * row:06d}.png" for row, label in enumerate(labels)]
        sink = io.BytesIO()
        pq.write_table(pa.table({"path": paths, "label": [f"{label:02d}" for label in labels]}), sink)
        yield f"{TABLES}{part:02d}.parquet", sink.getvalue()


@contextmanager
def server() -> Iterator[Counter[tuple[str, str]]]:
    """An S3 server in this process, that of the environment: what it is asked about the folder."""
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    counted: Counter[tuple[str, str]] = Counter()
    moto = DomainDispatcherApplication(create_backend_app)

    def counting(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
        if path.startswith(f"/bucket/{PREFIX}"):
            counted[environ["REQUEST_METHOD"], "image"] += 1
        elif "list-type" in query and PREFIX.strip("/") in query:
            counted[environ["REQUEST_METHOD"], "list"] += 1
        answered: Iterable[bytes] = moto(environ, start)
        return answered

    class Quiet(MotoRequestHandler):
        def log_request(self, *_: Any) -> None:
            pass

    held = make_server("127.0.0.1", 0, counting, True, request_handler=Quiet)
    threading.Thread(target=held.serve_forever, daemon=True).start()
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "benchmark")
    url = f"http://127.0.0.1:{held.server_port}"
    os.environ |= keys | {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": url}
    try:
        yield counted
    finally:
        held.shutdown()


def issues(seeds: int, rows: int, peers: str | None) -> None:
    """F1 of each issue against where it was put in, ours and Datalab's on the same images."""
    figures: dict[str, list[tuple[float, ...]]] = {issue: [] for issue in ISSUES}
    for seed in range(seeds):
        pictures, truth = made_set(np.random.default_rng(seed), rows, 0.02)
        files = [encoded(held, ("PNG", "JPEG")[place % 2]) for place, held in enumerate(pictures)]
        theirs = peer(files, peers)
        told_by = (told(files), *(theirs.get(name, {}) for name in PEERS))
        for issue in ISSUES:
            figures[issue].append(tuple(f1(found.get(issue), truth[issue]) for found in told_by))
    print(f"| issue | ours: F1, seeds 0 to {seeds - 1} | {' | '.join(PEERS)} |")
    print(f"|---|{'---|' * (len(PEERS) + 1)}")
    for issue, scores in figures.items():
        print(f"| {issue} | {' | '.join(map(shown, zip(*scores, strict=True)))} |")


def told(files: list[bytes]) -> dict[str, set[int]]:
    """Places of the images with each issue, what is usual learnt of a thousand, as in a run."""
    from labelworks.tasks.methods import registry
    from labelworks.tasks.methods.content.image.measures import of_images
    from labelworks.tasks.methods.content.rows import ContentRows

    rows = ContentRows(None, of_images(pa.array(files, pa.binary())))
    some = np.random.default_rng(0).permutation(len(files))[:1000]
    sample = ContentRows(None, {name: values[some] for name, values in rows.properties.items()})
    found = {}
    for issue in ISSUES:
        method = registry.get("content", issue).target()
        method.fit(sample)
        found[issue] = set(np.flatnonzero(method.judge(rows) < 0.5).tolist())
    return found


def peer(files: list[bytes], python: str | None) -> dict[str, dict[str, set[int]]]:
    """The same by each of PEERS; empty without them."""
    if python is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        for place, data in enumerate(files):
            (Path(folder) / f"{place:06d}.{('png', 'jpg')[place % 2]}").write_bytes(data)
        said = subprocess.run(
            [python, "-W", "ignore", "-c", PEER, folder], capture_output=True, text=True, check=True
        )
    line = next(line for line in said.stdout.splitlines() if line.startswith("found "))
    found = json.loads(line.removeprefix("found "))
    return {name: {issue: set(rows) for issue, rows in flags.items()} for name, flags in found.items()}


def f1(found: set[int] | None, truth: set[int]) -> float:
    """F1 of what was found; NaN where nobody looked."""
    return float("nan") if found is None else 2 * len(found & truth) / (len(found) + len(truth))


def shown(values: Iterable[float]) -> str:
    """Figures of several seeds."""
    return ", ".join(f"{value:.3f}" for value in values)


if __name__ == "__main__":
    main()
