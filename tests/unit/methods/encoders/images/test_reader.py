"""Images are read on the device where it can, else by Pillow in processes: with the same outcome."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image, ImageFilter

from labelworks.tasks.methods.content.image.measures import measure
from labelworks.tasks.methods.encoders.images.decoders import ENDED, Decoders
from labelworks.tasks.methods.encoders.images.device_measures import boxed, measured
from labelworks.tasks.methods.encoders.images.on_device import decoder_of, size_of
from labelworks.tasks.methods.encoders.images.reader import ImageReader
from labelworks.tasks.methods.encoders.pictures import ImageTransform, read_picture
from tests.support.on_devices import (
    a_corrupt_image_is_one_reject,
    cosine,
    decoders_agree,
    out_of_memory_halves,
    photo,
    vit,
)

torch = pytest.importorskip("torch")
LOOK = ImageTransform(32, 0.875)


def picture(seed: int, width: int = 90, height: int = 70, mode: str = "RGB") -> Image.Image:
    """A picture as smooth as photographs are."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(noise).filter(ImageFilter.GaussianBlur(3)).convert(mode)


def encoded(image: Image.Image, kind: str = "JPEG", **how: Any) -> bytes:
    sink = io.BytesIO()
    image.save(sink, kind, **how)
    return sink.getvalue()


def by_pillow(images: Sequence[bytes]) -> list[Any]:
    """What stands in for a device's decoder where torchvision can't be imported; refuses what is cut off."""
    made = []
    for image in images:
        try:
            pixels = np.asarray(Image.open(io.BytesIO(image)).convert("RGB"))
        except OSError as error:
            raise RuntimeError("nvjpeg") from error
        made.append(torch.from_numpy(pixels.copy()).permute(2, 0, 1))
    return made


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(picture(3), exif=exif)


GOOD = [encoded(picture(seed, *size)) for seed, size in enumerate([(90, 70), (40, 44), (90, 70), (300, 200)])]
OTHERS = {
    "png": encoded(picture(1), "PNG"),
    "cmyk": encoded(picture(2, mode="CMYK")),
    "turned": turned(),
    "grey": encoded(picture(4, mode="L")),
    "progressive": encoded(picture(5), progressive=True),
}
BAD = {"cut off": GOOD[0][:300], "no image": b"none", "null": None}


@pytest.fixture(scope="module", params=["stand-in", "torchvision"])
def reader(request: pytest.FixtureRequest) -> Iterator[ImageReader]:
    decode = by_pillow if request.param == "stand-in" else decoder_of("cpu")
    if decode is None:
        pytest.skip("torchvision decodes no JPEG here")
    yield ImageReader("cpu", 1, decode)


def test_what_the_device_decodes_is_what_pillow_decodes(reader: ImageReader) -> None:
    images = pa.array([*GOOD, *OTHERS.values(), *BAD.values()], pa.binary())
    ours, theirs = reader.read(LOOK, images), ImageReader("cpu", 1).read(LOOK, images)
    assert ours.reasons == theirs.reasons
    assert ours.usable.tolist() == theirs.usable.tolist() == list(range(len(GOOD) + len(OTHERS)))
    batch, pillow = (each.some(np.arange(9)) for each in (ours, theirs))
    pixels, expected = (LOOK.batch(items, "cpu", torch.float32).flatten(1) for items in (batch, pillow))
    cosine = torch.nn.functional.cosine_similarity(pixels, expected)
    assert float(cosine.min()) > 0.999
    assert ours.measures is not None
    assert theirs.measures is not None
    np.testing.assert_array_equal(ours.measures[:, :2], theirs.measures[:, :2])
    np.testing.assert_allclose(ours.measures, theirs.measures, rtol=0.02, atol=0.01)


def test_rows_of_a_batch_are_those_asked_for_in_their_order(reader: ImageReader) -> None:
    read = reader.read(LOOK, pa.array([*GOOD, BAD["no image"], OTHERS["png"]], pa.binary()))
    whole = LOOK.batch(read.some(np.arange(5)), "cpu", torch.float32)
    some = LOOK.batch(read.some(np.array([4, 0])), "cpu", torch.float32)
    assert torch.equal(some, whole[[4, 0]])


def test_one_that_the_device_refuses_costs_no_other() -> None:
    refused: list[int] = []

    def decode(images: Sequence[bytes]) -> list[Any]:
        refused.append(len(images))
        if GOOD[1] in images:
            raise RuntimeError("nvjpegDecodeBatched: refused")
        return by_pillow(images)

    read = ImageReader("cpu", 1, decode).read(LOOK, pa.array(GOOD * 4, pa.binary()))
    assert read.reasons == [None] * 16
    assert refused.count(1) < 16
    assert 16 in refused


@pytest.mark.parametrize("name", ["png", "cmyk", "turned"])
def test_what_a_device_would_decode_otherwise_is_left_to_pillow(name: str) -> None:
    assert size_of(OTHERS[name]) is None


def test_a_jpeg_that_is_whole_goes_to_the_device_also_with_zeros_behind_it() -> None:
    assert size_of(GOOD[0]) == size_of(GOOD[0] + b"\0\0") == (90, 70)
    assert all(size_of(image) is None for image in BAD.values())
    assert (
        size_of(GOOD[0].replace(b"\xff\xc0\x00\x11\x08\x00F\x00Z", b"\xff\xc0\x00\x11\x08\xff\xff\xff\xff"))
        is None
    )


def test_nothing_for_the_device_is_read_all_the_same(reader: ImageReader) -> None:
    read = reader.read(LOOK, pa.array([OTHERS["png"], None], pa.binary()))
    assert (read.usable.tolist(), read.reasons) == ([0], [None, "null image"])


@pytest.mark.parametrize("sides", [(200, 128), (300, 77), (640, 427), (129, 128)])
def test_a_device_makes_images_small_as_pillow_does(sides: tuple[int, int]) -> None:
    image = picture(0, *sides)
    high, wide = sides[1] // 2, sides[0] // 3
    theirs = np.asarray(image.resize((wide, high), Image.Resampling.BOX), int)
    ours = boxed(torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1)[None], (high, wide))
    assert np.abs(ours[0].permute(1, 2, 0).numpy().astype(int) - theirs).max() <= 1


@pytest.mark.parametrize("size", [(40, 44), (2, 9), (128, 100)])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_measures_of_many_at_once_are_those_of_one(size: tuple[int, int], mode: str) -> None:
    images = [picture(seed, *size, mode) for seed in range(3)] + [Image.new(mode, size, 77)]
    stacked = np.stack([np.asarray(image.convert("RGB")) for image in images])
    ours = measured(torch.from_numpy(stacked).permute(0, 3, 1, 2), size)
    np.testing.assert_allclose(ours, np.array([measure(image) for image in images]), rtol=1e-5, atol=1e-6)


@pytest.fixture(scope="module")
def two() -> Iterator[Decoders]:
    made = Decoders(2)
    yield made
    made.close()


def test_processes_read_what_one_call_reads(two: Decoders) -> None:
    images = [*GOOD, *OTHERS.values(), *BAD.values()] * 3
    for ours, theirs in zip(two.read(LOOK, images), [read_picture(LOOK, one) for one in images], strict=True):
        np.testing.assert_array_equal(ours[0], theirs[0])
        assert ours[1] == theirs[1]
        np.testing.assert_array_equal(ours[2], theirs[2])


class Deadly:
    """Ends the process that it is sent to, as a decoder's fault would."""

    def __reduce__(self) -> Any:
        return sys.exit, (1,)


def test_an_image_that_ends_its_process_is_one_reject(two: Decoders) -> None:
    deadly: Any = Deadly()
    read = two.read(LOOK, [GOOD[0], deadly, GOOD[1]])
    assert [reason for _, reason, _ in read] == [None, ENDED, None]


def test_a_corrupt_image_among_many_is_one_reject_and_the_ways_agree(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    encoder = vit(tmp_path, "cpu")
    theirs = a_corrupt_image_is_one_reject(encoder, 30)
    encoder.reader = ImageReader("cpu", 1, by_pillow)
    assert cosine(a_corrupt_image_is_one_reject(encoder, 30), theirs).min() > 0.999
    halves = vit(tmp_path, "cpu", "bfloat16").encode(pa.array([photo(0)], pa.binary())).vectors
    assert cosine(halves, theirs[:1]).min() > 0.999


def test_photographs_of_all_sizes_and_kinds_of_jpeg_agree(reader: ImageReader) -> None:
    assert decoders_agree(reader) > 0.9995


def test_what_a_gpu_is_asked_about_memory_is_so_on_a_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labelworks.tasks.methods.encoders.batching.release", lambda: None)  # nothing is held

    def hold(rows: int) -> None:
        if rows > 3:
            raise MemoryError

    out_of_memory_halves(hold)
