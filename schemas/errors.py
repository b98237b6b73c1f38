"""The error tree. Every error says what was wrong, where, and what to do; all of them pickle."""

from __future__ import annotations

from typing import Any

from labelworks.schemas.secrets.redact import redact, shown


class LabelworksError(Exception):
    """Anything this project raises on purpose."""

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        self.what, self.where, self.fix = (shown(redact(text)) for text in (what, where, fix))
        super().__init__(self.what)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}\n  {self.fix}" if self.fix else text

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.what, self.where, self.fix)


class ConfigError(LabelworksError):
    """The configuration is wrong: an unknown key, a bad value, an unknown method."""

    exit_code = 2


class InputError(LabelworksError):
    """The data is wrong: a missing column, a corrupt file, rows that can't be used."""

    exit_code = 2


class StoreError(LabelworksError):
    """A store can't be reached, read or written."""

    exit_code = 2


class GateRefused(LabelworksError):
    """A gate refused the run: nothing is published. `record` is the run's record as plain data."""

    exit_code = 3

    def __init__(
        self, what: str, *, where: str = "", fix: str = "", record: dict[str, Any] | None = None
    ) -> None:
        super().__init__(what, where=where, fix=fix)
        self.record = record

    def __reduce__(self) -> tuple[Any, ...]:
        return *super().__reduce__(), {"record": self.record}


def _rebuild(kind: type[LabelworksError], what: str, where: str, fix: str) -> LabelworksError:
    return kind(what, where=where, fix=fix)
