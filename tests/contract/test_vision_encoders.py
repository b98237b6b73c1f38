"""Backbones of images at their full size, against the bare network; run where torchvision can be imported."""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from labelworks.tasks.methods.encoders.base import make
from labelworks.tasks.methods.encoders.importing import needed

if find_spec("torchvision") is None:
    pytest.skip("torchvision is not installed", allow_module_level=True)
SIDE = 224


def png(seed: int) -> bytes:
    from PIL import Image

    sink = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(sink, "PNG")
    return sink.getvalue()


def torchvision_vit(path: Path) -> Any:
    import torch
    from torchvision.models import vit_b_16

    model = vit_b_16(num_classes=3).eval()
    torch.save(model.state_dict(), path)
    model.heads = torch.nn.Identity()
    return model


def timm_vit(path: Path) -> Any:
    import timm
    from safetensors.torch import save_file

    model = timm.create_model("vit_base_patch16_224", num_classes=0).eval()
    save_file(model.state_dict(), path)
    return model


@pytest.mark.parametrize(
    ("name", "model", "made", "file"),
    [
        ("torchvision", "vit_b_16", torchvision_vit, "vit.pth"),
        ("timm", "vit_base_patch16_224", timm_vit, "vit.safetensors"),
    ],
)
def test_a_vit_of_full_size_gives_what_the_bare_network_gives(
    name: str, model: str, made: Any, file: str, tmp_path: Path
) -> None:
    torch = needed("torch", "image")
    torch.manual_seed(0)
    encoder = make(
        name,
        "image",
        {"model": model, "weights": str(tmp_path / file), "precision": "float32", "batch_size": 2},
    )
    encoder.threads = 1
    bare = made(tmp_path / file)
    encoder.load({})
    encoder.look = type(encoder.look)(SIDE, 1.0, (0.5,) * 3, (0.25,) * 3)
    images = [png(seed) for seed in range(3)]
    found = encoder.encode(pa.array([*images[:2], b"none", images[2]]))
    assert [reason is None for reason in found.reasons] == [True, True, False, True]
    from PIL import Image

    pixels = np.stack([np.asarray(Image.open(io.BytesIO(image)), np.float32) for image in images])
    with torch.inference_mode():
        theirs = bare(torch.from_numpy((pixels / 255 - 0.5) / 0.25).permute(0, 3, 1, 2)).numpy()
    assert theirs.shape == (3, 768)
    np.testing.assert_allclose(found.vectors[[0, 1, 3]], theirs, rtol=1e-3, atol=1e-4)  # as halves
