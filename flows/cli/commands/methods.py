"""`labelworks methods`: every registered method."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from labelworks.flows.cli.output import print_json, print_rich

ON_ARRAYS = "labelworks.tasks.methods"


def methods(
    stage: Annotated[
        Literal["ingest", "embed", "detect", "treat", "validate"] | None,
        typer.Option(metavar="STAGE", help="Only the methods of ingest, embed, detect, treat or validate."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> None:
    """List every registered method: its stage, its name, what it needs, its source, and how to reach it."""
    from labelworks.tasks.methods import registry

    listed = [
        {
            "stage": method.stage,
            "kind": method.kind,
            "name": method.name,
            "needs": list(method.needs),
            "uses": list(method.uses),
            "modality": list(method.modality),
            "extra": method.extra or None,
            "source": method.source,
            "about": method.about,
            "key": method.key,
            "function": method.function,
        }
        for method in registry.methods()
        if stage in (None, method.stage)
    ]
    if as_json:
        print_json({"methods": listed})
    else:
        print_rich(_table(listed))


def _needs(method: dict[str, Any]) -> str:
    """What it reads, what it is given, and what to install for it."""
    uses = [f"{input_name} if there" for input_name in method["uses"]]
    said = " or ".join(method["modality"]), ", ".join([*method["needs"], *uses]), method["extra"]
    return ", ".join(filter(None, said))


def _table(found: list[dict[str, Any]]) -> Any:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table("stage", "kind", "name", "needs", "source", "config key, or function", box=box.SIMPLE_HEAD)
    table.caption = f"functions are those of {ON_ARRAYS}"
    for method in found:
        cells = (method["stage"], method["kind"], method["name"], _needs(method), method["source"])
        table.add_row(*map(escape, cells), method["key"] or method["function"].removeprefix(f"{ON_ARRAYS}."))
    return table
