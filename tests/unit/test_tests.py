"""What no test does: reach into what is private to a module or an object; wait for so many seconds."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FILES = sorted(TESTS.rglob("*.py"))
LET_TIME_PASS = {  # not to wait for something, but as part of what is tested
    "live/test_kill_live.py": "a moment at which nobody knows what is at work",
    "servers/test_embed_plugin.py": "a model that takes its time",
    "support/waiting.py": "between two looks at what is waited for",
    "unit/execution/test_map_partitions.py": "work that takes its time",
}
BY_NAME = ("setattr", "getattr", "delattr", "object", "patch")  # monkeypatch's, Python's and mock's


def private(name: str) -> bool:
    last = name.rsplit(".", 1)[-1]
    return last.startswith("_") and not last.endswith(
        "_"
    )  # those that end so are protocols: __len__, _repr_html_


def reached(node: ast.AST) -> Iterator[str]:
    """Private names that a node takes of another module, or of an object that isn't its own."""
    if isinstance(node, ast.ImportFrom):
        yield from (alias.name for alias in node.names if private(alias.name))
    elif isinstance(node, ast.Attribute) and private(node.attr):
        if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
            yield node.attr
    elif isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = [argument.value for argument in node.args[:2] if isinstance(argument, ast.Constant)]
        if called in BY_NAME:
            yield from (name for name in given if isinstance(name, str) and private(name))


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("from labelworks.tasks.x import _y, z", ["_y"]),
        ("x._y", ["_y"]),
        ("self._y + cls._z + x.__class__", []),
        ("monkeypatch.setattr(x, '_y', 1)", ["_y"]),
        ("patch('a.b._c')", ["a.b._c"]),
        ("print('_y')", []),
    ],
)
def test_what_is_private_is_seen(code: str, names: list[str]) -> None:
    assert [name for node in ast.walk(ast.parse(code)) for name in reached(node)] == names


def test_tests_are_by_what_is_public() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{node.lineno} {name}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        for name in reached(node)
    ]
    assert found == []


def test_tests_wait_for_what_happens_and_not_for_so_many_seconds() -> None:
    sleeping = {str(path.relative_to(TESTS)) for path in FILES if re.search(r"sleep\(", path.read_text())}
    assert sleeping - {str(Path(__file__).relative_to(TESTS))} == LET_TIME_PASS.keys()
