"""What holds of encoding on a device, whichever: run on a GPU by tests/gpu, on the CPU by the unit tests."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image, ImageFilter

from labelworks.tasks.methods.encoders.base import make
from labelworks.tasks.methods.encoders.images.reader import ImageReader
from labelworks.tasks.methods.encoders.pictures import ImageTransform

SIDE = 32
SIZE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}


def photo(seed: int, width: int = 48, height: int = 40, **how: Any) -> bytes:
    """A JPEG as smooth as photographs are."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    sink = io.BytesIO()
    Image.fromarray(noise).filter(ImageFilter.GaussianBlur(2)).save(sink, "JPEG", **how)
    return sink.getvalue()


def vit(folder: Path, device: str, precision: str = "float32") -> Any:
    """An encoder of images by a small ViT with random weights, ready on a device."""
    import torch
    from transformers import ViTConfig, ViTModel

    if not (folder / "config.json").exists():
        torch.manual_seed(0)
        ViTModel(ViTConfig(**SIZE, image_size=SIDE, patch_size=8)).save_pretrained(folder)
    encoder = make(
        "transformers", "image", {"model": str(folder), "precision": precision, "batch_size": 65_536}
    )
    encoder.device, encoder.threads, encoder.cores = device, 1, 3
    encoder.load({})
    return encoder


def a_corrupt_image_is_one_reject(encoder: Any, rows: int) -> np.ndarray:
    """Of so many images one is cut off: all others have a vector, and it has its reason. The vectors."""
    images = [photo(seed) for seed in range(rows)]
    images[rows // 2] = images[rows // 2][:200] + b"\xff\xd9"
    encoded = encoder.encode(pa.array(images, pa.binary()))
    rejected = [row for row, reason in enumerate(encoded.reasons) if reason]
    assert rejected == [rows // 2]
    assert encoded.reasons[rows // 2].startswith("undecodable image")
    vectors = np.delete(encoded.vectors, rows // 2, axis=0).astype(np.float32)
    assert np.isfinite(vectors).all()
    assert len(np.unique(vectors, axis=0)) == rows - 1
    return vectors


def decoders_agree(reader: ImageReader) -> float:
    """The least cosine of the pixels that a device decodes to those of Pillow."""
    import torch

    sizes = [(300, 200), (64, 64), (120, 333), (300, 200)]
    ways: list[dict[str, Any]] = [
        {},
        {"quality": 95},
        {"subsampling": 0},
        {"progressive": True},
        {"subsampling": 1},
    ]
    images = [
        photo(9 * way + place, *size, **ways[way]) for way in range(5) for place, size in enumerate(sizes)
    ]
    look, column = ImageTransform(224, 0.875), pa.array(images, pa.binary())
    ours, theirs = reader.read(look, column), ImageReader("cpu", 1).read(look, column)
    assert ours.reasons == theirs.reasons == [None] * len(images)
    assert hasattr(ours.items, "pixels"), "nothing was decoded on the device"
    np.testing.assert_allclose(ours.measures[:, :5], theirs.measures[:, :5], atol=0.02)
    pixels, expected = (
        look.batch(read.some(np.arange(len(images))), device, torch.float32).flatten(1).cpu()
        for read, device in ((ours, reader.device), (theirs, "cpu"))
    )
    return float(torch.nn.functional.cosine_similarity(pixels, expected).min())


def cosine(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Of each row (N,)."""
    ours, theirs = (one.astype(np.float64) for one in (ours, theirs))
    return np.sum(ours * theirs, axis=1) / (np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1))


def out_of_memory_halves(hold: Callable[[int], None]) -> None:
    """`hold(rows)` raises where so many rows don't fit, four don't: all are run all the same."""
    from labelworks.tasks.methods.encoders.batching import Budget, run_batches
    from labelworks.tasks.methods.encoders.transfers import gathered

    def run(rows: np.ndarray) -> np.ndarray:
        hold(len(rows))
        return rows[:, None].astype(np.float32)

    budget = Budget(16)
    ran = run_batches(np.ones(16, int), budget, lambda rows: rows, run)
    assert gathered(ran.vectors, ran.rows, 16, 1)[:, 0].tolist() == list(range(16))
    assert ran.failed == {}
    assert budget.cost <= 3
