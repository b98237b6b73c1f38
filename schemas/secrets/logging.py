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

from labelworks.schemas.errors import LabelworksError
from labelworks.schemas.secrets.redact import redacted


def tell(name: str, text: str) -> None:
    """Print a line of a dataset, a queue or a process on stderr, in one piece: others print there too."""
    sys.stderr.write(redacted(f"{name}: {text}") + "\n")
    sys.stderr.flush()


def hide_secrets() -> None:
    """Hide them in the logs of a process of our own, and in tracebacks that nobody catches, in any thread.

    For good, and whatever handlers are made later: never where somebody else's program imports this.
    """
    logging.setLogRecordFactory(Discreet)
    sys.excepthook = _print
    threading.excepthook = lambda args: _print(args.exc_type, args.exc_value, args.exc_traceback)


@contextmanager
def discreet() -> Iterator[None]:
    """Where a flow or task works: what is logged of it, and the error it fails with, hold no secrets.

    Logging is as it was when the block is left; the error's causes are clean, so whoever logs it later may.
    """
    with _filtered:
        try:
            yield
        except Exception as error:
            if redacted(shown := "".join(traceback.format_exception(error))) == shown:
                raise
            raise _clean(error) from None


def _clean(error: Exception) -> LabelworksError:
    """The error without its causes, which hold a secret; one of another library as one of ours."""
    if not isinstance(error, LabelworksError):
        return LabelworksError(f"{type(error).__name__}: {error}").with_traceback(error.__traceback__)
    error.__cause__ = error.__context__ = None
    return error


class _Filtered:
    """Puts the filter on every handler there is while anybody, in any thread, is in the block."""

    def __init__(self) -> None:
        self._filter, self._lock = HideSecrets(), threading.Lock()
        self._inside, self._handlers = 0, set[logging.Handler]()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            for handler in set(_handlers()) - self._handlers:
                handler.addFilter(self._filter)
                self._handlers.add(handler)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            while not self._inside and self._handlers:
                self._handlers.pop().removeFilter(self._filter)


class HideSecrets(logging.Filter):
    """A filter that lets every record pass, with its message and its traceback made free of secrets."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Fill in the message's arguments, and hide; once, however many handlers a record has."""
        if not getattr(record, "discreet", False):
            record.msg, record.args = redacted(record.getMessage()), ()
            _hide_traceback(record)
            record.discreet = True
        return True


class Discreet(logging.LogRecord):
    """A log record that hides secrets, whichever logger it is of and whoever formats it."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        _hide_traceback(self)

    def getMessage(self) -> str:  # noqa: N802 - logging's own name
        """The message with its arguments filled in."""
        return redacted(super().getMessage())


_filtered = _Filtered()


def _handlers() -> Iterator[logging.Handler]:
    """Every handler of a logger, and the one that logs where there is none."""
    for logger in (logging.root, *tuple(logging.root.manager.loggerDict.values())):
        if isinstance(logger, logging.Logger):
            yield from logger.handlers
    if logging.lastResort:
        yield logging.lastResort


def _hide_traceback(record: logging.LogRecord) -> None:
    if record.exc_info and record.exc_info[1] is not None:
        lines = traceback.format_exception(*record.exc_info)
        record.exc_text = redacted("".join(lines).rstrip("\n"))


def _print(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt | SystemExit):
        print(redacted("".join(traceback.format_exception(kind, error, trace))), file=sys.stderr, flush=True)
