"""Images in a bucket and a table of their labels, some of them wrong: find these, publish beside them.

    python examples/images_in_s3.py [BUCKET]

With AWS_ENDPOINT_URL set, that server is used with the keys of the environment. Without it, an S3 server
(moto, of the development packages) is started in this process. Made images of three shapes are put into the
bucket, with a CSV that names and labels them. Images are encoded as pixels; the encoders of the extra `image`
do better (docs/embedding.md). A folder of images for each class is a source as well (docs/formats.md).
"""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import s3fs
from PIL import Image, ImageDraw

import labelworks as lw

SHAPES = ("circle", "square", "triangle")


def main(bucket: str) -> None:
    """Put the images into the bucket, run, and show whose label is doubted."""
    with server():
        files = s3fs.S3FileSystem()
        if not files.exists(bucket):
            files.mkdir(bucket)
        truth = put_images(files, f"{bucket}/shapes")
        curation = lw.curate(
            f"s3://{bucket}/shapes/labels.csv",
            id="file",
            image="file",
            label="shape",
            dataset={"name": "shapes", "image_root": f"s3://{bucket}/shapes/"},
            store=f"s3://{bucket}/labelworks",
            progress=False,
        )
        print(f"{curation.summary}\n{curation.report().url}")

        rows = curation.to_pandas().to_dict("records")
        found = [row for row in rows if isinstance(row["suggestion"], str)]
        for row in found[:5]:
            print(f"{row['id']}: {row['action']}, perhaps {row['suggestion']}; {row['reason']}")
        wrong = {row["id"] for row in rows if row["original_label"] != truth[row["id"]]}
        hits = sum(row["id"] in wrong for row in found)
        print(f"{len(found)} images doubted, {hits} of them among the {len(wrong)} of a wrong label")


@contextmanager
def server() -> Iterator[None]:
    """The S3 server of the environment, or one in this process."""
    if "AWS_ENDPOINT_URL" in os.environ:
        yield
        return
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "example")
    host, port = moto.get_host_and_port()
    os.environ |= keys | {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    try:
        yield
    finally:
        moto.stop()


def put_images(
    files: s3fs.S3FileSystem, folder: str, images: int = 250, wrong: float = 0.08
) -> dict[str, str]:
    """Put images of shapes below a folder, and their table, a share of its labels wrong; return the truth."""
    rng = np.random.default_rng(0)
    truth, table = {}, ["file,shape"]
    for number in range(images):
        name, shape = f"{number:03d}.png", str(rng.choice(SHAPES))
        others = [each for each in SHAPES if each != shape]
        truth[name] = shape
        table.append(f"{name},{rng.choice(others) if rng.random() < wrong else shape}")
        files.pipe_file(f"{folder}/{name}", draw(shape, rng))
    files.pipe_file(f"{folder}/labels.csv", "\n".join(table).encode())
    return truth


def draw(shape: str, rng: np.random.Generator) -> bytes:
    """A shape of some size somewhere near the middle, in noise, as PNG."""
    picture = Image.fromarray(rng.integers(0, 90, (24, 24), dtype=np.uint8))
    pen = ImageDraw.Draw(picture)
    (x, y), half = rng.integers(10, 15, 2).tolist(), int(rng.integers(6, 9))
    box = (x - half, y - half, x + half, y + half)
    if shape == "circle":
        pen.ellipse(box, fill=220)
    elif shape == "square":
        pen.rectangle(box, fill=220)
    else:
        pen.polygon([(x, y - half), (x - half, y + half), (x + half, y + half)], fill=220)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "labelworks-example")
