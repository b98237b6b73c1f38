"""`labelworks methods`: every registered method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from labelworks.flows.cli.output import print_json, print_rich

if TYPE_CHECKING:
    from labelworks.tasks.methods.registry import Method

ON_ARRAYS = "labelworks.tasks.methods"
STAGES = {
    "crowd": "ingest",
    "encoders": "embed",
    "adapt": "detect",
    "probes": "detect",
    "noise": "detect",
    "tasks": "detect",
    "questions": "detect",
    "shift": "detect",
    "weights": "treat",
    "relabel": "treat",
    "models": "validate",
}
KEYS = {
    "encoders": "encoder.name",
    "adapt": "detect.adapt.method",
    "probes": "detect.probes",
    "noise": "detect.noise.method",
    "tasks": "dataset.task",
    "crowd": "dataset.votes.method",
    "shift": "detect.shift.method",
    "models": "validate.model",
}
QUESTIONS = {"pair-mismatch": "dataset.pair"}


def methods(
    stage: Annotated[
        Literal["ingest", "embed", "detect", "treat", "validate"] | None,
        typer.Option(help="Only the methods of this stage."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> None:
    """List every registered method: its stage, its name, what it needs, its source, and how to reach it."""
    from labelworks.tasks.methods import registry

    found = [
        {
            "stage": STAGES[method.kind],
            "kind": method.kind,
            "name": method.name,
            "needs": list(method.needs),
            "source": method.source,
            "about": method.about,
            "key": _key(method),
            "function": method.function,
        }
        for method in registry.methods()
        if stage in (None, STAGES[method.kind])
    ]
    if as_json:
        print_json({"methods": found})
    else:
        print_rich(_table(found))


def _key(method: Method) -> str | None:
    """The config key that names it: of shift those that estimate a prior, and those that test for drift."""
    if method.kind != "shift" or "target_probs" in method.needs:
        return KEYS.get(method.kind) or QUESTIONS.get(method.name)
    return "detect.drift.method" if method.needs == ("features",) else None


def _table(found: list[dict[str, Any]]) -> Any:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table("stage", "kind", "name", "needs", "source", "config key, or function", box=box.SIMPLE_HEAD)
    table.caption = f"functions are those of {ON_ARRAYS}"
    for each in found:
        cells = (each["stage"], each["kind"], each["name"], ", ".join(each["needs"]), each["source"])
        table.add_row(*map(escape, cells), each["key"] or each["function"].removeprefix(f"{ON_ARRAYS}."))
    return table
