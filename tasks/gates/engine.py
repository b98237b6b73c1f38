"""Great Expectations, seen from outside: a frame and expectations in, plain outcomes out."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from labelworks.schemas.conditions import condition
from labelworks.schemas.errors import ConfigError
from labelworks.schemas.suites import Expectation

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = 5
QUERIES = {
    "expect_query_results_to_match_comparison",
    "expect_table_row_count_to_equal_other_table",
    "unexpected_rows_expectation",
}
OURS = {
    "batch_id", "catch_exceptions", "condition_parser", "description", "id", "library_metadata", "meta",
    "notes", "rendered_content", "result_format", "severity", "windows",
}  # fmt: skip
REFERENCES = ("$PARAMETER", "$ref", "$dynamicRef", "$recursiveRef")
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
        wanted = [_built(expectation, position) for position, expectation in enumerate(expectations)]
        result = batch.validate(
            gx.ExpectationSuite(name="gate", expectations=wanted),
            result_format={"result_format": "BASIC", "partial_unexpected_count": EXAMPLES},
        )
    outcomes = {answer.expectation_config.meta["position"]: _outcome(answer) for answer in result.results}
    return [outcomes[position] for position in range(len(expectations))]


def library() -> Any:
    """Import Great Expectations and the expectations of this project: seconds, so only where a gate runs."""
    loaded = imported()

    from labelworks.tasks.gates import expectations  # noqa: F401 - registers them

    return loaded


@cache
def imported() -> Any:
    """Import Great Expectations, without its analytics and without its warnings of what Python deprecates."""
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
    """Names of every expectation that a config may have."""
    library()
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    return sorted(set(list_registered_expectation_implementations()) - QUERIES)


def arguments(expectation: str) -> set[str]:
    """Names of the arguments that an expectation takes, without those that are for this module to give."""
    library()
    from great_expectations.expectations.registry import get_expectation_impl

    return set(get_expectation_impl(expectation).__fields__) - OURS


@cache
def kind_of(expectation: str) -> tuple[Literal["map", "other"], frozenset[str]]:
    """Whether it is about each row by itself, and the metrics of a whole column or table that it needs.

    Raises ConfigError for one that there isn't.
    """
    if expectation not in types():
        raise ConfigError(f"there is no expectation {expectation!r}", where="gates")
    from great_expectations.expectations import expectation as kinds
    from great_expectations.expectations.registry import get_expectation_impl

    made = get_expectation_impl(expectation)
    by_row = (kinds.ColumnMapExpectation, kinds.ColumnPairMapExpectation, kinds.MulticolumnMapExpectation)
    needs = frozenset(getattr(made, "metric_dependencies", None) or ())
    return ("map" if issubclass(made, by_row) else "other"), needs


def judge_metrics(expectation: Expectation, metrics: Mapping[str, Any]) -> Outcome:
    """What the library says of the metrics of a whole column or table, computed elsewhere."""
    with _one_at_a_time:
        try:
            outcome = _built(expectation, 0)._validate(metrics=dict(metrics), runtime_configuration={})
        except (TypeError, ValueError) as error:  # as of a mean of texts, or of bounds of another type
            return Outcome(False, fault=str(error))
    return Outcome(bool(outcome["success"]), value=outcome["result"].get("observed_value"))


def build(expectation: Expectation, position: int = 0) -> Any:
    """Make the library's own object; ValueError for arguments that it doesn't take or a gate refuses."""
    given, kind = expectation.arguments, expectation.expectation
    if kind not in types():
        raise ValueError(f"there is no expectation {kind!r}")
    for name in given.keys() - arguments(kind):
        raise ValueError(f"{kind} takes no {name!r}")
    if (outside := next(_outside(given), None)) is not None:
        raise ValueError(f"{outside} is fetched or filled in from elsewhere: write the value itself")
    from great_expectations.expectations.registry import get_expectation_impl
    from great_expectations.expectations.row_conditions import deserialize_row_condition

    if "row_condition" in given:
        given = given | {"row_condition": deserialize_row_condition(condition(given["row_condition"]))}
    # Two expectations that differ in nothing but their name would be one to the library.
    return get_expectation_impl(kind)(**given, meta={"name": expectation.name, "position": position})


def _built(each: Expectation, position: int) -> Any:
    try:
        return build(each, position)
    except ValueError as error:
        raise ConfigError(
            f"{each.name}: {error}", where="gates", fix="see gates.STAGE.expectations"
        ) from error


def _outside(value: Any) -> Iterator[str]:
    """What of an argument points elsewhere: parameters of a suite, and what a JSON schema refers to."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "$PARAMETER" or (
                str(name).endswith(("$ref", "Ref")) and not str(inner).startswith("#")
            ):
                yield f"{name}: {inner}"
            yield from _outside(inner)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _outside(item)


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
        return Outcome(bool(each.success) and not fault, value=_value(facts), fault=fault)
    return Outcome(
        ok=bool(each.success),
        rows=int(facts["element_count"]) - int(facts.get("missing_count") or 0),
        failed=int(facts["unexpected_count"]),
        examples=tuple(facts.get("partial_unexpected_list") or ()),
    )


def _value(facts: dict[str, Any]) -> Any:
    """What was observed; of sets what is too much and what is missing."""
    if facts.get("observed_value") is not None:
        return facts["observed_value"]
    lists = {"unexpected": "partial_unexpected_list", "missing": "partial_missing_list"}
    apart = [
        f"{what}: {', '.join(map(str, facts[key][:EXAMPLES]))}"
        for what, key in lists.items()
        if facts.get(key)
    ]
    return "; ".join(apart) or None


def _fault(info: dict[str, Any]) -> str:
    """Say why an expectation could not be evaluated; empty if it could."""
    if info.get("raised_exception") is False:
        return ""
    nested = [value for value in info.values() if isinstance(value, dict)] or [info]
    return str(nested[0].get("exception_message") or "it could not be evaluated")
