"""`labelworks init`: a commented config for a dataset, by looking at it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labelworks.flows.cli.output import say, write_file

if TYPE_CHECKING:
    from rich.console import RenderableType

    from labelworks.tasks.sources.guess.roles import Guesses
    from labelworks.tasks.sources.profile import Profile

RIVALS = 5  # that are shown
SHOWN = 8  # columns without a role, and columns of numbers, that are named


def init(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A path, a folder, a glob, or s3://bucket/prefix/.")
    ],
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("labelworks.yaml"),
    label: Annotated[str | None, typer.Option(help="The column of the labels, if it is known.")] = None,
    features: Annotated[
        str | None,
        typer.Option(help="The column of the features, if it is known; of numbers several: a,b or 'x*'."),
    ] = None,
    votes: Annotated[
        str | None, typer.Option(help="A table of votes that labels are made of: where, as SOURCE.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Look at the dataset at SOURCE and write a commented config for it."""
    from labelworks.tasks.report.starter_config import starter_config
    from labelworks.tasks.sources.guess.roles import guess
    from labelworks.tasks.sources.guess.tables import look_apart

    _free(out, force)
    if label and votes:
        _one_of_both()
    seen, voted = look_apart(source, votes)
    guesses = guess(seen, label=label, features=features, votes=voted)
    text = starter_config(seen, guesses, seen.classes(guesses.label.name) if guesses.label else [], voted)
    _check(text, out)
    _explain(seen, guesses)
    write_file(out, text.encode())
    print(out)
    say(f"look at it, then: labelworks run {out}")


def _free(out: Path, force: bool) -> None:
    from labelworks.schemas.errors import ConfigError

    if out.exists() and not force:
        raise ConfigError("exists already", where=str(out), fix="--force overwrites it, --out names another")


def _one_of_both() -> None:
    from labelworks.schemas.errors import ConfigError

    raise ConfigError(
        "labels are a column or made of votes", where="--label, --votes", fix="give one of them"
    )


def _check(text: str, out: Path) -> None:
    """Hold the config to what a run takes, before it is written."""
    import yaml
    from pydantic import ValidationError

    from labelworks.flows.preflight import check_methods
    from labelworks.schemas.config.messages import Places, explain
    from labelworks.schemas.config.run import RunConfig

    raw = yaml.safe_load(text)
    try:
        check_methods(RunConfig.model_validate(raw))
    except ValidationError as error:
        raise explain(error, raw, Places(str(out))) from error


def _explain(seen: Profile, guesses: Guesses) -> None:
    """Say what was found, what it is taken for and why, and what is in doubt."""
    from rich.padding import Padding

    from labelworks.flows.cli.output import print_rich

    files = "1 file" if len(seen.files) == 1 else f"{len(seen.files):,} files"
    rows = f"{seen.rows:,} rows" if seen.whole else f"a look at {seen.rows:,} rows"
    say(f"{seen.source}: {files} ({', '.join(seen.formats)}), {rows}")
    print_rich(Padding(_roles(guesses), (1, 0, 1, 2), expand=False), *_doubts(guesses), error=True)


def _roles(guesses: Guesses) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column(style="cyan", overflow="fold")
    table.add_column(overflow="fold")
    for role, column, why in _found(guesses):
        table.add_row(role, Text(column), Text(why))
    return table


def _found(guesses: Guesses) -> list[tuple[str, str, str]]:
    features, voted, label = guesses.features, guesses.votes, guesses.label
    names = ", ".join(features.names[:SHOWN]) + (" …" if len(features.names) > SHOWN else "")
    rows: list[tuple[str, str, str]] = [(features.kind, names, features.why)]
    if label:
        rows.append(("label" if label.task == "classification" else label.task, label.name, label.why))
    if voted:
        rows.append(("votes", f"{voted.item}, {voted.annotator}, {voted.label}", voted.why))
    named: list[tuple[str, Any]] = [
        ("id", guesses.id), ("time", guesses.time), ("split", guesses.split)
    ]  # fmt: skip
    rows += [(role, guessed.column, guessed.why) for role, guessed in named if guessed]
    if guesses.id is None:
        rows.append(("id", "none", "rows are named by file and position"))
    if guesses.pred_probs and guesses.classes:
        rows.append(("pred_probs", guesses.pred_probs.column, guesses.pred_probs.why))
    return rows


def _doubts(guesses: Guesses) -> list[RenderableType]:
    """What a person has to decide, what will be put aside, what isn't used."""
    from rich.text import Text

    features, label = guesses.features, guesses.label
    lines = []
    if label and label.doubt:
        lines.append(("unsure", f"{label.name} as the label: {label.doubt}"))
    lines += [("or", f"label {other.name}: {other.why}") for other in guesses.others[:RIVALS]]
    if len(guesses.others) > RIVALS:
        lines.append(("or", f"{len(guesses.others) - RIVALS} more columns, which the config lists"))
    if features.others:
        lines.append(("or", f"features {', '.join(features.others)}"))
    lines += [("note", text) for text in (features.doubt, *guesses.notes) if text]
    if guesses.unused:
        names = [column.name or "(without a name)" for column in guesses.unused]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        lines.append(("unused", ", ".join(names[:SHOWN]) + more))
    styles = {"unsure": "yellow", "or": "yellow"}
    return [Text.assemble((f"  {word:<7} ", styles.get(word, "dim")), text) for word, text in lines]
