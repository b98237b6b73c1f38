"""Dotted names on the pages are keys of the config, findings of the record, or functions on arrays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.records import RunRecord

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from models_in(inner)


def holds(model: type[BaseModel], first: str, *more: str) -> bool:
    """Whether a model has a field of that name, and that one the next, as far as models go."""
    fields = [field for name, field in model.model_fields.items() if first in (name, field.alias)]
    inner = [part for field in fields for part in models_in(field.annotation)]
    return bool(fields) and (not more or not inner or any(holds(part, *more) for part in inner))


def is_function(name: str) -> bool:
    module, _, function = name.rpartition(".")
    try:
        return hasattr(import_module(f"labelworks.tasks.methods.{module}"), function)
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_names_are_there(page: Path) -> None:
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    named = {tuple(name.split(".")) for name in re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)[`:]", prose)}
    ours = {name for name in named if holds(RunRecord, name[0]) or holds(RunConfig, name[0])}
    known = {name for name in ours if holds(RunRecord, *name) or holds(RunConfig, *name)}
    assert [name for name in sorted(ours - known) if not is_function(".".join(name))] == []
