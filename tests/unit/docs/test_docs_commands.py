"""Every command and each of its options is named on a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from labelworks.flows.cli.app import app

ROOT = Path(__file__).parents[3]
PAGES = "\n".join(page.read_text() for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")))
MEANT = {"labelworks export rows", "labelworks report show"}  # where the group alone is named


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", {})
    for word, below in inner.items():
        yield from commands(below, f"{name} {word}")
    if not inner:
        yield name, command


def test_every_command_is_named() -> None:
    names = {name for name, _ in commands(get_command(app), "labelworks")}
    assert len(names) > 20
    assert [name for name in sorted(names - MEANT) if name not in PAGES] == []


def test_every_option_is_named() -> None:
    options = {
        (option, name)
        for name, command in commands(get_command(app), "labelworks")
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("--") and option != "--help"
    }
    assert [where for where in sorted(options) if where[0] not in PAGES] == []
