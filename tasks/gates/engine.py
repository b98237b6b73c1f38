"""Great Expectations, seen from outside: a frame and expectations in, plain outcomes out."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from schemas.suites import Expectation

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = 5
# The library keeps its current context in a global of the process; Dask workers may have several threads.
_one_at_a_time = threading.RLock()


@dataclass(frozen=True)
class Outcome:
    """What came of one expectation. `rows` and `failed` are None where it isn't about single rows."""

    ok: bool
    rows: int | None = None
    failed: int | None = None
    value: Any = None
    examples: tuple[Any, ...] = ()
    fault: str = ""


def evaluate(frame: pd.DataFrame, expectations: Sequence[Expectation]) -> list[Outcome]:
    """Run expectations on a frame and return their outcomes in the same order."""
    if not expectations:
        return []
    with _one_at_a_time:
        gx = library()
        batch = _whole_frame().get_batch({"dataframe": frame})
        wanted = [build(each, position) for position, each in enumerate(expectations)]
        result = batch.validate(
            gx.ExpectationSuite(name="gate", expectations=wanted),
            result_format={"result_format": "BASIC", "partial_unexpected_count": EXAMPLES},
        )
    found = {each.expectation_config.meta["position"]: _outcome(each) for each in result.results}
    return [found[position] for position in range(len(expectations))]


@cache
def library() -> Any:
    """Import Great Expectations: seconds, so only where a gate runs, and without its analytics."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations
        import great_expectations.expectations
    return great_expectations


def warm_up() -> None:
    """Import the library ahead of the first gate, while something else is waited for."""
    _whole_frame()


def types() -> list[str]:
    """Names of every expectation that there is."""
    library()
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    return sorted(list_registered_expectation_implementations())


def build(expectation: Expectation, position: int = 0) -> Any:
    """Make the library's own object; raises ValueError for arguments that it doesn't take."""
    library()
    from great_expectations.expectations.registry import get_expectation_impl

    kind = get_expectation_impl(expectation.expectation)
    # Two expectations that differ in nothing but their name would be one to the library.
    return kind(**expectation.arguments, meta={"name": expectation.name, "position": position})


@cache
def _whole_frame() -> Any:
    """Where batches come from: one context that keeps everything in memory and prints nothing."""
    library()
    from great_expectations.data_context.types import base

    config = base.DataContextConfig(
        store_backend_defaults=base.InMemoryStoreBackendDefaults(),
        progress_bars=base.ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
    context = library().get_context(project_config=config, mode="ephemeral")
    asset = context.data_sources.add_pandas("memory").add_dataframe_asset("frame")
    return asset.add_batch_definition_whole_dataframe("whole")


def _outcome(each: Any) -> Outcome:
    facts = each.result
    fault = _fault(each.exception_info)
    if fault or "element_count" not in facts:
        return Outcome(bool(each.success) and not fault, value=facts.get("observed_value"), fault=fault)
    return Outcome(
        ok=bool(each.success),
        rows=int(facts["element_count"]) - int(facts.get("missing_count") or 0),
        failed=int(facts["unexpected_count"]),
        examples=tuple(facts.get("partial_unexpected_list") or ()),
    )


def _fault(info: dict[str, Any]) -> str:
    """Say why an expectation could not be evaluated; empty if it could."""
    if info.get("raised_exception") is False:
        return ""
    nested = [each for each in info.values() if isinstance(each, dict)] or [info]
    return str(nested[0].get("exception_message") or "it could not be evaluated")
