"""Commands with others below them, one of which is meant where none is named."""

from __future__ import annotations

import inspect
from typing import Any

import typer
from typer.core import TyperGroup


class Flowing(TyperGroup):
    """A group whose commands' help is broken into lines by the screen, not as it stands in the code."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        for command in (self, *self.commands.values()):
            command.help = flowing(command.help or "")


def flowing(text: str) -> str:
    """The text with each paragraph in one line."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split("\n")) for paragraph in paragraphs)


class FirstByDefault(Flowing):
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
