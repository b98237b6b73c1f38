"""A preload of this machine's workers: what they don't say as they end.

A sign of life that is on its way while a worker closes finds the worker's own connections closed, and Dask
logs that as an error, twice, with its traceback. Nothing has failed, but whoever reads it looks for a cause.
"""

from __future__ import annotations

import logging
from typing import Any

LOGGERS = ("distributed.worker", "tornado.application")


def dask_setup(worker: Any) -> None:
    """Dask calls this in each worker that is started with this module as its preload."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_not_of_its_end)


def _not_of_its_end(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, RuntimeError) and str(error) == "ConnectionPool is closed")
