"""What a check of `labelworks doctor` found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labelworks.schemas.secrets.redact import redact


@dataclass(frozen=True)
class CheckResult:
    """One line of the doctor: what was seen, whether it will do, how to mend it."""

    check: str
    status: Literal["ok", "warn", "fail"]
    found: str
    fix: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "found", redact(self.found))
