"""A run on a folder of images of two classes, a few of them under the wrong one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.made_images import encoded, picture
from labelworks.schemas.config.run import RunConfig
from tests.support.stages import run_stages

WRONG = 5


def run_on_pets(
    raw_config: Callable[..., dict[str, Any]], folder: Path, rows: int, width: int, height: int, form: str
) -> None:
    """Write so many images below a folder, and run on them by their pixels."""
    rng = np.random.default_rng(5)
    for row in range(rows):
        path = folder / ("cat", "dog")[(row % 2) ^ (row < WRONG)] / f"{row}.{form.lower()}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(picture(rng, width, height, shapes=row % 2 * 20), form))
    raw = raw_config(folder)
    raw["dataset"] |= {"features": {"image": "image"}, "id": "path"}
    run_stages(RunConfig.model_validate({**raw, "encoder": {"name": "pixels"}}))
