"""YAML with the line of every key, by the rules of YAML 1.2: `off`, `no` and `2026-01-02` stay text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.reader import ReaderError

from labelworks.schemas.errors import ConfigError

Path = tuple[str | int, ...]
NEWLINE = "\n"
PLAIN = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


@dataclass(frozen=True)
class Document:
    """A YAML document as plain values, and the line of every key and item (counted from one)."""

    value: Any
    lines: Mapping[Path, int]


def read_yaml(text: str, name: str) -> Document:
    """Parse one YAML document; raise ConfigError (`name:line`) for bad syntax and duplicate keys."""
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        walk = _Walk(loader, name)
        return Document(None if node is None else walk.value(node, ()), walk.lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}" if mark else name
        problem = (error.problem or "").removeprefix("but ")
        raise ConfigError(f"not valid YAML: {problem or error.context}", where=where) from error
    except ReaderError as error:
        where = f"{name}:{text[: error.position].count(NEWLINE) + 1}"
        raise ConfigError(f"not valid YAML: {error.reason}", where=where) from error
    except RecursionError as error:
        raise ConfigError("not valid YAML: nested too deeply", where=name) from error


class _Loader(yaml.SafeLoader):
    """Plain scalars as YAML 1.2 reads them; numbers with leading zeros stay text, as labels may have them."""

    yaml_implicit_resolvers = {}  # noqa: RUF012


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf)|\.(?:nan|NaN)",
        list("-+.0123456789"),
    ),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)


class _Walk:
    """Turns nodes into values and notes their lines; a node that an alias repeats is read once."""

    def __init__(self, loader: yaml.SafeLoader, name: str) -> None:
        self.loader, self.name = loader, name
        self.lines: dict[Path, int] = {}
        self._done: dict[int, Any] = {}
        self._open: set[int] = set()

    def value(self, node: yaml.Node, path: Path) -> Any:
        if id(node) in self._open:
            raise self._error("an alias holds itself", node)
        if id(node) not in self._done:
            self._open.add(id(node))
            self._done[id(node)] = self._read(node, path)
            self._open.discard(id(node))
        return self._done[id(node)]

    def _read(self, node: yaml.Node, path: Path) -> Any:
        if not isinstance(node, yaml.ScalarNode) and node.tag not in PLAIN:
            raise self._error(f"not valid YAML: {node.tag} is no plain value", node)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._item(child, (*path, index)) for index, child in enumerate(node.value)]
        return self.loader.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[Any, Any]:
        mapping: dict[Any, Any] = {}
        for key_node, child in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error("a key has to be a word", key_node)
            key = self._read(key_node, path)
            if key in mapping:
                dotted = ".".join(str(part) for part in (*path, key))
                first = self.lines[(*path, key)]
                raise self._error(f'key "{dotted}" is given twice, first on line {first}', key_node)
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            mapping[key] = self.value(child, (*path, key))
        return mapping

    def _item(self, node: yaml.Node, path: Path) -> Any:
        self.lines[path] = node.start_mark.line + 1
        return self.value(node, path)

    def _error(self, what: str, node: yaml.Node) -> ConfigError:
        return ConfigError(what, where=f"{self.name}:{node.start_mark.line + 1}")
