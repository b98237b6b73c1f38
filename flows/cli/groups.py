"""Commands with others below them, one of which is meant where none is named."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup


class FirstByDefault(TyperGroup):
    """A group whose first command is meant where the first word is none of them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the first command's name before words that name none."""
        own = {*self.commands, *ctx.help_option_names}
        first = next(iter(self.commands))
        named: list[str] = super().parse_args(ctx, args if args and args[0] in own else [first, *args])
        return named


def group(name: str, about: str) -> typer.Typer:
    """A group of commands; the first that is added is its default, and `about` is to say so."""
    return typer.Typer(name=name, help=about, cls=FirstByDefault, pretty_exceptions_enable=False)
