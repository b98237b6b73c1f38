"""Each issue of images is found where it was put in, and nowhere else; what can't be told is NaN."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from benchmarks.made_images import ISSUES, encoded, picture, with_issue
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.content.image.measures import NAMES, of_images
from labelworks.tasks.methods.content.rows import ContentRows
from labelworks.tasks.methods.encoders.base import make
from labelworks.tasks.methods.encoders.images.reader import ImageReader
from labelworks.tasks.methods.encoders.pictures import ImageTransform

NEW = np.random.default_rng(3)
USUAL = [picture(NEW, 64, 80) for _ in range(30)]


def flagged(name: str, held: list[Image.Image], base: list[Image.Image] = USUAL) -> list[bool]:
    method = registry.get("content", name).target()
    method.fit(rows(base).sampled)
    score = pickle.loads(pickle.dumps(method)).judge(rows(held))
    assert score.shape == (len(held),) and np.all(np.isnan(score) | ((score >= 0) & (score <= 1)))
    return list(score < 0.5)


def rows(held: list[Image.Image]) -> ContentRows:
    return ContentRows.of("image", pa.array([encoded(each) for each in held], pa.binary()))


def test_every_issue_that_is_put_in_has_its_method() -> None:
    assert {each.name for each in registry.methods("content") if "image" in each.modality} == set(ISSUES)


@pytest.mark.parametrize("name", ISSUES)
def test_an_issue_is_found_where_it_is_and_usual_images_have_none(name: str) -> None:
    odd = [with_issue(NEW, each, name) for each in USUAL[:5]]
    assert flagged(name, [*odd, *USUAL]) == [True] * 5 + [False] * len(USUAL)


@pytest.mark.parametrize("name", ["dark", "light", "blurry", "low-information", "grayscale"])
def test_what_many_images_have_is_how_the_dataset_is(name: str) -> None:
    odd = [with_issue(NEW, each, name) for each in USUAL]
    method = registry.get("content", name).target()
    method.fit(rows([*odd[:10], *USUAL[:10]]))
    assert np.isnan(method.judge(rows(odd[:3]))).all()


def test_size_and_shape_are_relative_to_the_dataset() -> None:
    wide = [picture(NEW, 120, 30) for _ in range(5)]
    assert flagged("odd-ratio", wide) == [True] * 5
    assert flagged("odd-ratio", [*wide, picture(NEW, 30, 120)], wide) == [False] * 5 + [True]
    assert flagged("odd-size", [picture(NEW, 320, 400), picture(NEW, 128, 160)]) == [True, False]


def test_measures_are_those_of_the_image_as_it_is_shown() -> None:
    side = Image.new("RGB", (40, 10), (255, 0, 0))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    files = [encoded(side), encoded(Image.new("L", (16, 16), 51)), b"no image", None]
    with_exif = pa.array([*files, _turned(side, exif)], pa.binary())
    found = of_images(with_exif)
    assert found["width"][[0, 1, 4]].tolist() == [40, 16, 10]
    assert found["colourfulness"][[0, 1]].tolist() == [1, 0]
    fifth = np.float32(0.2)
    assert (found["brightest"][1], found["darkest"][1], found["entropy"][1]) == (fifth, fifth, 0)
    assert np.isnan([found[name][2:4] for name in NAMES]).all()
    assert np.isnan(found["sharpness"][:2]).all()  # there are no edges to be sharp


def _turned(held: Image.Image, exif: Image.Exif) -> bytes:
    sink = io.BytesIO()
    held.save(sink, "JPEG", exif=exif)
    return sink.getvalue()


def test_encoders_measure_images_as_they_decode_them() -> None:
    values = pa.array([encoded(USUAL[0]), b"no image", None, encoded(USUAL[1].convert("L"))], pa.binary())
    expected = np.array(list(of_images(values).values()), np.float32).T
    pixels = make("pixels", "image", {"size": 4})
    pixels.load(pixels.fit(values))
    np.testing.assert_array_equal(pixels.encode(values).measures, expected)
    np.testing.assert_array_equal(ImageReader("cpu", 2).read(ImageTransform(8), values).measures, expected)


def test_entropy_is_that_of_scipy() -> None:
    from scipy.stats import entropy

    levels = np.random.default_rng(0).binomial(255, 0.4, (50, 60)).astype(np.uint8)
    _, counts = np.unique(levels, return_counts=True)
    found = of_images(pa.array([encoded(Image.fromarray(levels))], pa.binary()))["entropy"][0]
    assert found == pytest.approx(entropy(counts, base=2), rel=1e-6)


def test_sharpness_falls_with_blur_whatever_the_contrast_is() -> None:
    held = USUAL[0]
    pale = Image.blend(held, Image.new("RGB", held.size, (128, 128, 128)), 0.4)
    blurred = [each.filter(ImageFilter.GaussianBlur(by)) for by in (0, 1, 2, 4) for each in (held, pale)]
    sharp = rows(blurred).properties["sharpness"].reshape(4, 2)
    assert (np.diff(sharp, axis=0) < 0).all()
    np.testing.assert_allclose(sharp[:2, 0], sharp[:2, 1], rtol=0.1)


@given(
    st.integers(1, 40), st.integers(1, 40), st.sampled_from(["1", "L", "P", "RGB", "RGBA", "LA", "I;16", "F"])
)
def test_whatever_an_image_is_it_is_scored(wide: int, high: int, mode: str) -> None:
    held = Image.new(mode, (wide, high))
    data = pa.array([encoded(held, "TIFF" if mode in ("F", "I;16") else "PNG")], pa.binary())
    one = ContentRows.of("image", data)
    assert one.properties["width"][0] == wide
    for name in ISSUES:
        method = registry.get("content", name).target()
        method.fit(one)
        score = method.judge(one)
        assert np.all(np.isnan(score) | ((score >= 0) & (score <= 1)))
