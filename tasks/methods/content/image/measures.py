"""What shows of an image without understanding it, by which the issues of images are told."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.tasks.methods.encoders.values import UnusableError, image_bytes, in_mode, opened_image

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 128  # pixels of the longer side that all but the size is measured at: as large as one looks at it
ROUNDING = 1 / 12  # variance of what rounds a value to a level
KERNEL = 20  # what the Laplacian (4, -1, -1, -1, -1) makes of the variance of independent values
LEAST_CONTRAST = 5.0  # levels: of less, edges can't be told from rounding
NAMES = (
    "width", "height", "brightest", "darkest", "entropy", "sharpness", "colourfulness",
)  # fmt: skip
Measures: TypeAlias = tuple[float, ...]
NOTHING: Measures = (math.nan,) * len(NAMES)  # of what is no image


def of_images(values: pa.Array) -> dict[str, NDArray[np.float64]]:
    """Measures of a column of encoded images, by name (N,): NaN where none can be decoded.

    width, height: pixels, as it is shown. brightest, darkest: what 99 and 5 in 100 pixels are no brighter
    than (0 to 1). entropy: bits of a pixel's brightness, 0 to 8. sharpness: spread of the Laplacian beside
    that of the brightness, without what rounding adds. colourfulness: how far red, green and blue of a pixel
    lie apart at most (0 to 1).
    """
    return by_name(stacked([_measured(data) for data in image_bytes(values)]))


def stacked(rows: Sequence[Measures]) -> NDArray[np.float32]:
    """Measures of some images (N, M), a column a name, as they are kept."""
    return np.array(rows, np.float32).reshape(-1, len(NAMES))


def by_name(measures: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
    """Columns (N,) of measures (N, M) by what they are of."""
    return dict(zip(NAMES, measures.T.astype(np.float64), strict=True))


def measure(image: Image) -> Measures:
    """The measures of an image that is open, in the order of NAMES; NaN where its colours can't be told."""
    try:
        small = _bounded(image)
    except UnusableError:
        return NOTHING
    grey = small.convert("L")
    counts = np.asarray(grey.histogram(), np.int64)
    below = np.cumsum(counts)
    brightest, darkest = (int(np.searchsorted(below, share * below[-1])) / 255 for share in (0.99, 0.05))
    return (
        float(image.width), float(image.height), brightest, darkest, _entropy(counts),
        _sharpness(np.asarray(grey, np.float32)), _colourfulness(small),
    )  # fmt: skip


def _measured(data: bytes | None) -> Measures:
    try:
        return measure(opened_image(data))
    except UnusableError:
        return NOTHING


def _bounded(image: Image) -> Image:
    """The image, where it is larger its means over blocks of pixels."""
    from PIL.Image import Resampling

    image = image if image.mode in ("RGB", "L") else in_mode(image, "RGB")
    scale = SIDE / max(image.size)
    if scale >= 1:
        return image
    wide, high = (max(1, round(side * scale)) for side in image.size)
    return image.resize((wide, high), Resampling.BOX)


def _entropy(counts: NDArray[np.int64]) -> float:
    """Shannon 1948, of the levels of brightness by how many pixels have each (256,)."""
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum()) + 0.0


def _sharpness(grey: NDArray[np.float32]) -> float:
    """Pech-Pacheco et al. 2000, the spread of the Laplacian, but beside the contrast; NaN without."""
    contrast = float(grey.var(dtype=np.float64)) - ROUNDING
    if min(grey.shape) < 3 or contrast < LEAST_CONTRAST**2:
        return math.nan
    inner = grey[1:-1, 1:-1]
    edges = 4 * inner - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    return math.sqrt(max(0.0, float(edges.var(dtype=np.float64)) - KERNEL * ROUNDING) / contrast)


def _colourfulness(image: Image) -> float:
    if image.mode == "L":
        return 0.0
    red, green, blue = (np.asarray(band) for band in image.split())
    high, low = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    return float((high - low).max()) / 255
