"""Weights of models: what is on disk, and how it is read without running what it says."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.encoders.importing import needed

COMMIT = re.compile(r"[0-9a-f]{40}")


def fingerprint(path: str | Path | None) -> str:
    """Hash of a model on disk: names and contents of its files; "" if there is none there."""
    root = Path(path) if path else None
    if root is None or not root.exists():
        return ""
    digest = hashlib.blake2b(digest_size=8)
    files = sorted(root.rglob("*")) if root.is_dir() else [root]
    for file in files:
        if file.is_file():
            about = file.stat()
            content = _content(file.absolute(), about.st_mtime_ns, about.st_size)
            digest.update(f"{file.relative_to(root)}:{content}\n".encode())
    return digest.hexdigest()


@lru_cache(maxsize=4096)
def _content(file: Path, changed: int, size: int) -> str:
    """Hash of a file, read once a process while its time and size stay."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "blake2b").hexdigest()


def commit_of(name: str, revision: str | None) -> str | None:
    """The commit that a revision of a hub's model is: the one cached here, else the newest there.

    The revision as given of a model on disk, and where no commit can be found: to open it says why.
    """
    if Path(name).exists() or COMMIT.fullmatch(revision or "") or find_spec("huggingface_hub") is None:
        return revision
    hub, cache = import_module("huggingface_hub"), import_module("huggingface_hub.constants").HF_HUB_CACHE
    cached = Path(cache, f"models--{name.replace('/', '--')}", "refs", revision or "main")
    if cached.is_file():
        return cached.read_text().strip()
    try:
        return Path(hub.snapshot_download(name, revision=revision, allow_patterns=["config.json"])).name
    except Exception:  # no such model, no network, a model that wants a token
        return revision


def read_weights(path: str) -> dict[str, Any]:
    """The tensors of a .safetensors file, or of a torch file that holds nothing but tensors."""
    file = Path(path)
    if not file.is_file():
        raise ConfigError(
            f"no weights at {path}", where="encoder.options.weights", fix="give the path of a file"
        )
    try:
        if file.suffix == ".safetensors":
            return dict(needed("safetensors.torch", "image").load_file(path))
        return dict(needed("torch", "image").load(path, map_location="cpu", weights_only=True))
    except ConfigError:
        raise
    except Exception as error:  # unpickling, truncated files, another format: each has its own type
        text = str(error).strip().split("\n")[0]
        raise ConfigError(
            f"the weights at {path} can't be read: {text}"[:300],
            where="encoder.options.weights",
            fix="give a .safetensors file, or a torch file with nothing but tensors",
        ) from error
