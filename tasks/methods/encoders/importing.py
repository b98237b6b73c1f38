"""Importing what comes with an extra, and saying what to do where that fails."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from labelworks.schemas.errors import ConfigError

TRUST = "LABELWORKS_TRUST_REMOTE_CODE"
UNUSED = ("nms", "qnms")  # operators of torchvision that it names when imported, and that no encoder calls
_declared: list[Any] = []  # what is declared goes with the object that declared it


def needed(module: str, extra: str, *, by: str = "this encoder", where: str = "encoder.name") -> Any:
    """Import a module of an extra; raise ConfigError naming the extra, and who needs it, if it is missing."""
    try:
        _torchvision_ready()
        return importlib.import_module(module)
    except (ImportError, RuntimeError) as error:  # RuntimeError: built for another torch
        text = str(error).strip().split("\n")[0]
        raise ConfigError(
            f"{by} needs {module.split('.')[0]}, which can't be imported ({text})",
            where=where,
            fix=f"pip install 'labelworks[{extra}]'",
        ) from error


def trusted(options: Mapping[str, Any]) -> bool:
    """Whether code that comes with a model may run: where a config says so, and so does the environment.

    Raises ConfigError if only the config does, which may be somebody else's.
    """
    asked = options.get("trust_remote_code") is True
    if asked:
        may_run_code("encoder.options.trust_remote_code")
    return asked


def may_run_code(where: str) -> None:
    """Raise ConfigError, naming the key of the config, if the environment doesn't let models bring code."""
    if os.environ.get(TRUST) != "1":
        raise ConfigError(
            "code that comes with a model may run only where the environment says so as well",
            where=where,
            fix=f"read that code, then set {TRUST}=1 where labelworks and its workers run",
        )


def _torchvision_ready() -> None:
    """Import torchvision where its compiled part was built for CUDA and torch was not.

    Its import then fails, and with it that of transformers, only because operators are not declared.
    """
    if "torchvision" in sys.modules or find_spec("torchvision") is None or find_spec("torch") is None:
        return
    import torch

    if torch.version.cuda is not None:
        return
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        for name in [module for module in sys.modules if module.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        for operator in UNUSED:
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _declared.append(library)
        importlib.import_module("torchvision")


class opening:  # noqa: N801 - a context manager, used as one
    """Says what to do when a model can't be opened."""

    def __init__(self, model: object) -> None:
        self.model = model

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, OSError | ValueError | KeyError | RuntimeError):
            text = str(error).strip().split("\n")[0]
            raise ConfigError(
                f"model {self.model!r} can't be opened: {text}",
                where="encoder.options.model",
                fix="give the name of a model that is cached here or can be downloaded, or a path",
            ) from error
