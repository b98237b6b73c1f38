"""What is tried again here: bodies that come in part. Requests are by the clients of the stores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tenacity import (
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_after_delay,
    wait_random_exponential,
)

from labelworks.tasks.storage.filesystem import store_errors

TRIES = 6
SECONDS = 120.0  # after which nothing is tried again
LONGEST_WAIT = 20.0
TOO_MANY = 429  # an answer without a body has no code, and botocore goes by codes
CUT = {
    "ClientPayloadError", "FlexibleChecksumError", "IncompleteRead", "IncompleteReadError",
    "ReadTimeoutError", "ResponseStreamingError",
}  # fmt: skip
_Result = TypeVar("_Result")


def again(where: str, function: Callable[..., _Result], *arguments: Any, **options: Any) -> _Result:
    """Call a function of a filesystem that may be called twice, again where it helps; StoreError at last."""
    retrying = Retrying(
        stop=stop_after_attempt(TRIES) | stop_after_delay(SECONDS),
        wait=wait_random_exponential(multiplier=0.5, max=LONGEST_WAIT),
        retry=retry_if_exception(_passing),
        reraise=True,
    )
    with store_errors(where):
        return retrying(function, *arguments, **options)


def _passing(error: BaseException) -> bool:
    """Whether a body came in part only, or too many asked at once."""
    names = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, ConnectionError | TimeoutError | EOFError) or names & CUT:
        return True
    answer = getattr(error.__cause__, "response", {}).get("ResponseMetadata", {})
    return bool(answer.get("HTTPStatusCode") == TOO_MANY)
