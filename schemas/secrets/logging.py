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
from labelworks.schemas.secrets.redact import redact


def tell(name: str, text: str) -> None:
    """Print a line of a dataset, a queue or a process on stderr, in one piece: others print there too."""
    sys.stderr.write(redact(f"{name}: {text}") + "\n")
    sys.stderr.flush()


def hide_secrets() -> None:
    """Hide them in the logs of a process of our own, and in tracebacks that nobody catches, in any thread.

    For good, and whatever handlers are made later: never where somebody else's program imports this.
    """
    made = logging.getLogRecordFactory()

    def filtered(*arguments: Any, **named: Any) -> logging.LogRecord:
        record = made(*arguments, **named)
        _redaction.filter(record)
        return record

    logging.setLogRecordFactory(filtered)
    sys.excepthook = _print
    threading.excepthook = lambda args: _print(args.exc_type, args.exc_value, args.exc_traceback)


@contextmanager
def redacted() -> Iterator[None]:
    """Where a flow or task works: what is logged of it, and the error it fails with, hold no secrets.

    Logging is as it was when the block is left; the error's causes are clean, so whoever logs it later may.
    """
    with _installed:
        try:
            yield
        except Exception as error:
            if redact(shown := "".join(traceback.format_exception(error))) == shown:
                raise
            raise _clean(error) from None


def _clean(error: Exception) -> LabelworksError:
    """The error without its causes, which hold a secret; one of another library as one of ours."""
    if not isinstance(error, LabelworksError):
        return LabelworksError(f"{type(error).__name__}: {error}").with_traceback(error.__traceback__)
    error.__cause__ = error.__context__ = None
    return error


class Redaction(logging.Filter):
    """Lets every record pass, without the secrets of its message, its arguments and its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Hide in place: the other handlers of a record get it so too."""
        try:
            _hide_message(record)
        except Exception:  # its arguments don't fit: the handler would print them
            record.msg, record.args = redact(f"{record.msg} {record.args}"), ()
        if record.exc_info and record.exc_info[1] is not None:
            _hide_traceback(record, "".join(traceback.format_exception(*record.exc_info)).rstrip("\n"))
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True


class _Installed:
    """Has the filter on every handler there is while anybody, in any thread, is in a block."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction, self._lock = redaction, threading.Lock()
        self._inside, self._handlers = 0, set[logging.Handler]()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            for handler in set(_handlers()) - self._handlers:
                handler.addFilter(self._redaction)
                self._handlers.add(handler)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            while not self._inside and self._handlers:
                self._handlers.pop().removeFilter(self._redaction)


_redaction = Redaction()
_installed = _Installed(_redaction)


def _handlers() -> Iterator[logging.Handler]:
    """Every handler of a logger, and the one that logs where there is none."""
    for logger in (logging.root, *tuple(logging.root.manager.loggerDict.values())):
        if isinstance(logger, logging.Logger):
            yield from logger.handlers
    if logging.lastResort:
        yield logging.lastResort


def _hide_message(record: logging.LogRecord) -> None:
    """In the arguments where that is enough: some formatters, as of access logs, want them one by one."""
    shown = record.getMessage()
    if (hidden := redact(shown)) == shown:
        return
    if isinstance(record.args, tuple):
        record.args = tuple(redact(arg) if isinstance(arg, str) else arg for arg in record.args)
    if record.getMessage() != hidden:
        record.msg, record.args = hidden, ()


def _hide_traceback(record: logging.LogRecord, shown: str) -> None:
    """As a text; the exception goes if it holds a secret, as some formatters would print it anew."""
    record.exc_text = redact(shown)
    if record.exc_text != shown:
        record.exc_info = None


def _print(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt | SystemExit):
        print(redact("".join(traceback.format_exception(kind, error, trace))), file=sys.stderr, flush=True)
