"""Bad input, row by row: the reason says what is wrong, and the rows beside it are read."""

import io

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from labelworks.tasks.methods.encoders.base import make
from labelworks.tasks.methods.encoders.images.reader import ImageReader
from labelworks.tasks.methods.encoders.pictures import ImageTransform
from labelworks.tasks.methods.encoders.values import UnusableError, decode_image, image_bytes, read_texts


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    sink = io.BytesIO()
    image.save(sink, form, **options)
    return sink.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 50,000 × 50,000 pixels."""
    whole = bytearray(encoded(Image.new("L", (1, 1))))
    whole[16:24] = (50_000).to_bytes(4, "big") * 2
    import zlib

    whole[29:33] = zlib.crc32(bytes(whole[12:29])).to_bytes(4, "big")
    return bytes(whole)


def photo(size: tuple[int, int] = (40, 30)) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "null image"),
        (b"", "cannot identify"),
        (b"GIF89a, or so it says", "undecodable image"),
        (encoded(photo(), "JPEG")[:-200], "truncated"),
        (encoded(photo())[:200], "undecodable image"),
        (bomb(), "2500000000 pixels"),
    ],
    ids=["null", "empty", "not-a-gif", "truncated-jpeg", "truncated-png", "bomb"],
)
def test_an_image_that_can_t_be_decoded_has_a_reason(data: bytes | None, reason: str) -> None:
    with pytest.raises(UnusableError, match=reason):
        decode_image(data, "RGB")


def test_a_bomb_under_pillow_s_own_bound_is_refused_by_ours() -> None:
    wide = encoded(Image.new("1", (10_000, 7_000)))
    with pytest.raises(UnusableError, match="10000 × 7000 pixels, more than"):
        decode_image(wide, "RGB")


def test_exif_rotation_is_applied() -> None:
    image = photo()
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 270°
    turned = decode_image(encoded(image, "PNG", exif=exif), "RGB")
    assert turned.size == (30, 40)
    np.testing.assert_array_equal(np.asarray(turned), np.rot90(np.asarray(image), -1))


@pytest.mark.parametrize("mode", ["CMYK", "L", "P", "1", "I;16", "RGBA", "LA"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    image = Image.new("L", (5, 4), 1) if mode == "I;16" else photo((5, 4)).convert(mode)
    form = "TIFF" if mode in ("CMYK", "I;16") else "PNG"
    found = decode_image(encoded(image.convert(mode) if mode == "I;16" else image, form), "RGB")
    assert (found.mode, found.size) == ("RGB", (5, 4))


def test_images_in_structs_and_one_pixel() -> None:
    column = pa.array([{"bytes": encoded(photo((1, 1))), "path": "a.png"}, {"bytes": None, "path": "b"}])
    one, none = image_bytes(column)
    assert decode_image(one, "L").size == (1, 1)
    assert none is None


def test_texts_and_the_reasons_of_those_that_are_none() -> None:
    data = [b"good", None, b"", b" \n\t", b"caf\xe9", b"x" * 1_000_000, "übel".encode()]
    raw = pa.array(data, pa.binary())
    as_text = pa.StringArray.from_buffers(len(raw), raw.buffers()[1], raw.buffers()[2], raw.buffers()[0])
    for column in (raw, as_text, raw.cast(pa.large_binary())):
        texts, reasons = read_texts(column)
        assert reasons == [
            None,
            "null text",
            "blank text",
            "blank text",
            "invalid UTF-8 at byte 3",
            None,
            None,
        ]
        assert (texts[0], len(texts[5]), texts[6]) == ("good", 1_000_000, "übel")


def test_texts_of_other_types() -> None:
    assert read_texts(pa.array([1, None])) == (["1", ""], [None, "null text"])
    assert read_texts(pa.nulls(1)) == ([""], ["null text"])
    assert read_texts(pa.array(["a", "b", "a"]).dictionary_encode())[0] == ["a", "b", "a"]


def test_pixels_take_the_same_images_and_give_the_same_reasons() -> None:
    column = pa.array(
        [encoded(photo()), bomb(), None, encoded(photo((1, 1))), encoded(photo(), "JPEG")[:300]]
    )
    encoder = make("pixels", "image", {"size": 4})
    encoder.load(encoder.fit(column))
    found = encoder.encode(column)
    assert [reason is None for reason in found.reasons] == [True, False, False, True, False]
    assert np.isfinite(found.vectors).all()


def test_a_backbone_s_reader_takes_the_same_images_and_gives_the_same_reasons() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # turned by 270°
    image = photo((48, 32))
    column = pa.array(
        [
            encoded(image), encoded(image, exif=turned), encoded(photo((1, 1))), bomb(), None,
            encoded(image.convert("CMYK"), "TIFF"), encoded(image, "JPEG")[:-200],
        ]
    )  # fmt: skip
    found = ImageReader("cpu", 2).read(ImageTransform(8), column)
    assert found.usable.tolist() == [0, 1, 2, 5]
    assert [reason and reason.split(":")[0] for reason in found.reasons] == [
        None, None, None, "undecodable image", "null image", None, "undecodable image",
    ]  # fmt: skip
    assert all((item.shape, item.dtype) == ((8, 8, 3), np.uint8) for item in found.items)
    upright = [pixels.astype(int) for pixels in found.items]
    np.testing.assert_allclose(upright[1], np.rot90(upright[0], -1), atol=1)
    assert np.ptp(upright[2].reshape(-1, 3), axis=0).max() == 0  # a pixel, made larger


def test_tfidf_takes_text_of_a_megabyte_and_invalid_utf8() -> None:
    column = pa.array([b"a cat", b"caf\xe9", b"word " * 200_000, b"a dog and a cat"], pa.binary())
    encoder = make("tfidf", "text", {"dims": 2})
    encoder.load(encoder.fit(column))
    found = encoder.encode(column)
    assert found.reasons == [None, "invalid UTF-8 at byte 3", None, None]
    assert np.isfinite(found.vectors).all()
