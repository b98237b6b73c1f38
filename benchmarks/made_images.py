"""Made pictures with what can be odd about pictures put into some of them, for the benchmarks.

A picture is a cloud of colours (noise of a 1/f spectrum, as photographs have) with shapes before it.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDES = (96, 176)  # pixels, at least and at most
ISSUES = ("dark", "light", "blurry", "low-information", "grayscale", "odd-size", "odd-ratio")


def picture(rng: np.random.Generator, wide: int, high: int, shapes: int = 6) -> Image.Image:
    """One picture without an issue."""
    held = Image.fromarray(_clouds(rng, wide, high))
    pen = ImageDraw.Draw(held)
    for _ in range(shapes):
        colour = tuple(rng.integers(0, 256, 3).tolist())
        x, y = rng.integers(0, wide), rng.integers(0, high)
        dx, dy = rng.integers(wide // 12, wide // 3), rng.integers(high // 12, high // 3)
        draw = pen.ellipse if rng.random() < 0.5 else pen.rectangle
        draw((int(x - dx), int(y - dy), int(x + dx), int(y + dy)), fill=colour)
    return held


def with_issue(rng: np.random.Generator, held: Image.Image, issue: str) -> Image.Image:
    """The picture with one of ISSUES, more or less of it."""
    return BY_ISSUE[issue](rng, held)


def made_set(
    rng: np.random.Generator, rows: int, share: float
) -> tuple[list[Image.Image], dict[str, set[int]]]:
    """Pictures, and by issue the places of those that have it: such a share each, one issue a picture."""
    pictures = [picture(rng, *rng.integers(*SIDES, 2).tolist()) for _ in range(rows)]
    places = iter(rng.permutation(rows).tolist())
    truth: dict[str, set[int]] = {}
    for issue in ISSUES:
        for place in (next(places) for _ in range(round(share * rows))):
            pictures[place] = with_issue(rng, pictures[place], issue)
            truth.setdefault(issue, set()).add(place)
    return pictures, truth


def encoded(held: Image.Image, form: str = "PNG") -> bytes:
    """A picture as the bytes of a file."""
    sink = io.BytesIO()
    held.save(sink, form, **({"quality": 88} if form == "JPEG" else {}))
    return sink.getvalue()


def _clouds(rng: np.random.Generator, wide: int, high: int) -> np.ndarray:
    """Noise of a 1/f spectrum in three colours (high, wide, 3), with grain."""
    y, x = np.fft.fftfreq(high)[:, None], np.fft.rfftfreq(wide)[None, :]
    weight = 1 / np.maximum(np.hypot(x, y), 1 / max(wide, high))
    bands = [
        np.fft.irfft2(weight * np.fft.rfft2(rng.normal(size=(high, wide))), (high, wide)) for _ in range(3)
    ]
    shared = np.fft.irfft2(weight * np.fft.rfft2(rng.normal(size=(high, wide))), (high, wide))
    clouds = np.stack([shared / shared.std() + 0.5 * band / band.std() for band in bands], axis=2)
    levels = rng.uniform(100, 150) + 45 * clouds + rng.normal(0, 4, clouds.shape)
    return np.clip(levels, 0, 255).astype(np.uint8)


def _dark(rng: np.random.Generator, held: Image.Image) -> Image.Image:
    factor = rng.uniform(0.06, 0.22)
    return held.point(lambda level: int(level * factor))


def _light(rng: np.random.Generator, held: Image.Image) -> Image.Image:
    return Image.blend(held, Image.new("RGB", held.size, (255, 255, 255)), rng.uniform(0.955, 0.985))


def _blurry(rng: np.random.Generator, held: Image.Image) -> Image.Image:
    return held.filter(ImageFilter.GaussianBlur(rng.uniform(0.035, 0.07) * max(held.size)))


def _nothing(rng: np.random.Generator, held: Image.Image) -> Image.Image:
    level = rng.integers(90, 220, 3)  # darker or lighter ones would be that as well
    grain = rng.normal(0, rng.uniform(0, 0.6), (held.height, held.width, 1))
    return Image.fromarray(np.clip(np.rint(level + grain), 0, 255).astype(np.uint8))


def _grey(_: np.random.Generator, held: Image.Image) -> Image.Image:
    return held.convert("L")


def _other_size(rng: np.random.Generator, held: Image.Image) -> Image.Image:
    times = rng.uniform(5, 8) if rng.random() < 0.5 else 1 / rng.uniform(5, 8)
    wide, high = (max(10, round(side * times)) for side in held.size)
    return picture(rng, wide, high)


def _other_ratio(rng: np.random.Generator, held: Image.Image) -> Image.Image:
    times = rng.uniform(2.4, 3)
    wide, high = round(held.width * times), round(held.height / times)
    return picture(rng, wide, high) if rng.random() < 0.5 else picture(rng, high, wide)


BY_ISSUE: dict[str, Callable[[np.random.Generator, Image.Image], Image.Image]] = {
    "dark": _dark, "light": _light, "blurry": _blurry, "low-information": _nothing,
    "grayscale": _grey, "odd-size": _other_size, "odd-ratio": _other_ratio,
}  # fmt: skip
