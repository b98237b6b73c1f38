"""What processes say: lines, logs and tracebacks, all of them without secrets."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from schemas.errors import LabelworksError
from schemas.redact import redacted


def tell(name: str, text: str) -> None:
    """Print a line of a dataset, a queue or a process on stderr, in one piece: others print there too."""
    sys.stderr.write(redacted(f"{name}: {text}") + "\n")
    sys.stderr.flush()


def hide_secrets() -> None:
    """Hide them in the logs of this process, and in the traceback of what nobody catches, in any thread."""
    logging.setLogRecordFactory(Discreet)
    sys.excepthook = _print
    threading.excepthook = lambda args: _print(args.exc_type, args.exc_value, args.exc_traceback)


@contextmanager
def discreet() -> Iterator[None]:
    """Where a flow or task works: what Prefect logs of it, and the error it fails with, hold no secrets."""
    logging.setLogRecordFactory(Discreet)
    try:
        yield
    except Exception as error:
        shown = f"{type(error).__name__}: {error}"
        if isinstance(error, LabelworksError) or redacted(shown) == shown:
            raise
        raise LabelworksError(shown).with_traceback(error.__traceback__) from None


class Discreet(logging.LogRecord):
    """A log record that hides secrets, whichever logger it is of and whoever formats it."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        if self.exc_info and self.exc_info[1] is not None:
            lines = traceback.format_exception(*self.exc_info)
            self.exc_text = redacted("".join(lines).rstrip("\n"))

    def getMessage(self) -> str:  # noqa: N802 - logging's own name
        """The message with its arguments filled in."""
        return redacted(super().getMessage())


def _print(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt | SystemExit):
        print(redacted("".join(traceback.format_exception(kind, error, trace))), file=sys.stderr, flush=True)
