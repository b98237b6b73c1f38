"""Where lineage goes: where openlineage-python is told to, by its own settings; nowhere by default."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Thread, current_thread
from typing import Any

from labelworks.schemas.errors import ConfigError
from labelworks.schemas.secrets.redact import redact

VARIABLES = ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG")
PREFIX = "OPENLINEAGE__"
FILES = (Path("openlineage.yml"), Path("~/.openlineage/openlineage.yml"))
WAIT = 10.0  # seconds that the end of a run gives a slow receiver
THREAD = "labelworks-lineage"
SAID_ONCE = ("urllib3.connectionpool", "openlineage.client", "openlineage.client.transport.composite")


def asked() -> str:
    """The setting that asks for lineage events, as openlineage-python reads them; empty if none does."""
    if os.environ.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true":
        return ""
    named = [name for name in os.environ if name in VARIABLES or name.startswith(PREFIX)]
    return next(iter([*named, *(str(file) for file in FILES if file.expanduser().is_file())]), "")


def receiver() -> Receiver | None:
    """What sends events to where the settings say; None where nothing asks for them.

    Raises ConfigError where the packages of the extra `lineage` are missing, or the settings can't be used.
    """
    if not (setting := asked()):
        return None
    try:
        from openlineage.client import OpenLineageClient
    except ImportError as error:
        raise ConfigError(
            "lineage events need a package that isn't installed",
            where=setting,
            fix="pip install 'labelworks[lineage]'",
        ) from error
    try:
        with _environment_kept():
            return Receiver(OpenLineageClient())
    except Exception as error:  # whatever a transport makes of its settings
        raise ConfigError(f"no lineage events can be sent: {redact(str(error))}", where=setting) from error


class Receiver:
    """Sends events one after another, in a thread that holds up nobody; after the first failure no more."""

    def __init__(self, client: Any) -> None:
        self.failure = ""
        self._client = client
        self._events: SimpleQueue[Any] = SimpleQueue()
        self._thread = Thread(target=self._work, name=THREAD, daemon=True)

    def send(self, event: Any) -> None:
        """Send an event, without secrets, as soon as those before it are sent."""
        self._events.put(cleaned(event))
        if self._thread.ident is None:
            self._thread.start()

    def close(self, seconds: float = WAIT) -> str:
        """Why not all was received, once everything is sent or that time is over; empty if it was."""
        if self._thread.ident is None:
            return ""
        self._events.put(None)
        self._thread.join(seconds)
        if self._thread.is_alive():
            return f"the receiver is slower than {seconds:g} s"
        return self.failure

    def _work(self) -> None:
        for name in SAID_ONCE:
            logging.getLogger(name).addFilter(_of_others)
        while (event := self._events.get()) is not None:
            try:
                self._client.emit(event)
            except Exception as error:
                self.failure = redact(f"{type(error).__name__}: {error.__cause__ or error}")
                return
        self._client.close(WAIT)


def _of_others(record: logging.LogRecord) -> bool:
    """Not what is logged of each attempt here: of a failure it is said once, by who closes."""
    return record.threadName != THREAD or current_thread().name != THREAD


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Undo what the client writes into the environment of this process: its keys, under other names."""
    before = set(os.environ)
    try:
        yield
    finally:
        for name in set(os.environ) - before:
            if name.startswith(PREFIX):
                del os.environ[name]


def cleaned(value: Any) -> Any:
    """An event, and all that is in it, whose texts hold no secrets."""
    import attr

    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list | tuple):
        return [cleaned(part) for part in value]
    if isinstance(value, dict):
        return {name: cleaned(part) for name, part in value.items()}
    if attr.has(type(value)):
        for field in attr.fields(type(value)):
            setattr(value, field.name, cleaned(getattr(value, field.name)))
    return value
