"""What is tried for ever: a server that doesn't answer is asked again, ever less often, and that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labelworks.schemas.secrets.logging import tell

if TYPE_CHECKING:
    from tenacity import RetryCallState

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0


def for_ever(name: str, *errors: type[Exception]) -> dict[str, Any]:
    """How `tenacity.Retrying` or `AsyncRetrying` tries again after these errors, each told under a name."""
    from tenacity import retry_if_exception_type, wait_exponential

    def said(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        tell(name, f"can't be reached, trying again: {type(error).__name__}: {error}")

    return {
        "retry": retry_if_exception_type(errors),
        "wait": wait_exponential(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE),
        "before_sleep": said,
    }
