"""Images as their pixels: scaled to one size, then the principal components."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.tasks.methods.content.image.measures import NOTHING, Measures, measure, stacked
from labelworks.tasks.methods.encoders.base import Encoded, Encoder, State
from labelworks.tasks.methods.encoders.values import UnusableError, image_bytes, in_mode, opened_image
from labelworks.tasks.methods.registry import register


@register("encoders", "pixels", modality=("image",), source="Pearson 1901")
class PixelEncoder(Encoder):
    """Decodes images, scales them to size × size, and projects onto their principal components."""

    kind = "image"
    fit_rows = 5000
    options: ClassVar[dict[str, Any]] = {"size": 16, "dims": 64, "color": False}

    def fit(self, values: pa.Array) -> State:
        """Find the principal components of a sample of images."""
        from sklearn.decomposition import PCA

        pixels, reasons, _ = self._pixels(values)
        usable = pixels[[reason is None for reason in reasons]]
        if len(usable) < 2:
            return {
                "mean": np.zeros(pixels.shape[1]),
                "components": np.eye(pixels.shape[1], dtype=np.float32),
            }
        dims = min(int(self.chosen["dims"]), *usable.shape)
        pca = PCA(dims, svd_solver="full").fit(usable)
        return {"mean": pca.mean_.astype(np.float32), "components": pca.components_.astype(np.float32)}

    def load(self, state: State) -> None:
        """Take the mean and the components."""
        self.mean, self.components = state["mean"], state["components"]

    def encode(self, values: pa.Array) -> Encoded:
        """Project a batch of images; one that can't be decoded is a reason for none.

        In double precision: what a row becomes must not depend on how many are projected with it.
        """
        pixels, reasons, measures = self._pixels(values)
        projected = (pixels - self.mean).astype(np.float64) @ self.components.T.astype(np.float64)
        return Encoded(projected.astype(np.float32), reasons, measures=stacked(measures))

    def _pixels(self, values: pa.Array) -> tuple[NDArray[np.float32], list[str | None], list[Measures]]:
        size, channels = int(self.chosen["size"]), 3 if self.chosen["color"] else 1
        pixels = np.zeros((len(values), size * size * channels), dtype=np.float32)
        reasons: list[str | None] = []
        measures = [NOTHING] * len(values)
        for row, data in enumerate(image_bytes(values)):
            try:
                pixels[row], measures[row] = _decode(data, size, bool(self.chosen["color"]))
                reasons.append(None)
            except UnusableError as error:
                reasons.append(str(error))
        return pixels, reasons, measures


def _decode(data: bytes | None, size: int, color: bool) -> tuple[NDArray[np.float32], Measures]:
    from PIL.Image import Resampling

    image = opened_image(data)
    scaled = in_mode(image, "RGB" if color else "L").resize((size, size), Resampling.BILINEAR)
    return np.asarray(scaled, dtype=np.float32).ravel() / 255.0, measure(image)
