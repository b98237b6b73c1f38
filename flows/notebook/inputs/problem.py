"""What pydantic says of arguments that a section of the config is made of."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError


def first_problem(error: ValidationError) -> tuple[str, Any, str]:
    """The key, empty of a section as a whole, the value, and what is wrong with it."""
    first = error.errors()[0]
    return ".".join(map(str, first["loc"])), first["input"], first["msg"].removeprefix("Value error, ")
