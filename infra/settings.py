"""Settings of the libraries we stand on. To be applied before any of them is imported."""

from __future__ import annotations

import os

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",  # a pickle can run what others wrote
}
LOGGING = {
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",  # logs are for the Prefect UI; errors are raised
}


def apply() -> None:
    """Turn telemetry off and the console's logs down, unless the environment says otherwise."""
    logging = {} if os.environ.get("LABELWORKS_DEBUG") else LOGGING
    for name, value in {**QUIET, **logging}.items():
        os.environ.setdefault(name, value)
