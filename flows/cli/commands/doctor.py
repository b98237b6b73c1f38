"""`labelworks doctor`: is this installation fit to run?"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from labelworks.flows.cli.output import only_the_result_on_stdout, print_json, print_rich

if TYPE_CHECKING:
    from rich.table import Table

    from labelworks.infra.doctor.check_result import CheckResult
    from labelworks.tasks.storage.store import Store

STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}
UNFIT = 1


def doctor(
    config: Annotated[
        str | None, typer.Argument(metavar="CONFIG", help="Check the store of this config.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check versions, pins, devices, the Prefect API and the store; exit 1 if something fails."""
    from labelworks.infra import settings
    from labelworks.infra.doctor.doctor import examine

    settings.apply()
    with only_the_result_on_stdout():
        findings = list(examine(_store(config)))
    fit = all(finding.status != "fail" for finding in findings)
    if as_json:
        print_json({"ok": fit, "checks": [asdict(finding) for finding in findings]})
    else:
        print_rich(_table(findings))
    raise typer.Exit(0 if fit else UNFIT)


def _store(config: str | None) -> Store:
    from labelworks.infra.secrets import storage_secrets
    from labelworks.schemas.config.load import absolute, load_config
    from labelworks.schemas.config.run import StoreConfig
    from labelworks.tasks.storage.store import Store

    chosen = load_config(config).store if config else StoreConfig()
    return Store(absolute(chosen.root), {**chosen.storage_options, **storage_secrets(chosen)})


def _table(findings: list[CheckResult]) -> Table:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table("check", "", "found", "what to do", box=box.SIMPLE_HEAD)
    for finding in findings:
        status = f"[{STYLES[finding.status]}]{finding.status}[/]"
        table.add_row(finding.check, status, escape(finding.found), escape(finding.fix))
    return table
