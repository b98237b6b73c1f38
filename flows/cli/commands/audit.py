"""`labelworks audit`: rows drawn for people to look at, and their answers taken back."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from labelworks.flows.cli.judged_run import open_judged
from labelworks.flows.cli.output import only_the_result_on_stdout, print_json, say
from labelworks.flows.cli.store_option import DEFAULT, At, Config, find_run, open_store

if TYPE_CHECKING:
    from labelworks.tasks.artifacts.decisions.checked import Checked
    from labelworks.tasks.storage.store import Store

SHOWN = 20  # rows put aside that are named
audit = typer.Typer(name="audit", help="Rows for people to look at, and their answers.", no_args_is_help=True)


@audit.command()
def sample(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]", help="The run's id, or as much of it as is unique. Default: the newest."
        ),
    ] = None,
    design: Annotated[
        Literal["strata", "changes", "disagreements"],
        typer.Option(
            help="strata: how many labels are wrong; changes: how many of the changed labels are right; "
            "disagreements: whether a model of the treated labels is better."
        ),
    ] = "strata",
    looks: Annotated[int | None, typer.Option(min=1, help="How many rows to look at.")] = None,
    width: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Or as many as make the interval so wide.")
    ] = None,
    to: Annotated[
        str, typer.Option(metavar="FILE", help="The file to write: .csv or .parquet.")
    ] = "audit.csv",
    seed: Annotated[int, typer.Option(min=0, help="Another seed draws other rows.")] = 0,
    store: At = DEFAULT,
    config: Config = None,
) -> None:
    """Draw rows of a run for people to look at, each with its known probability of being shown.

    Fill in the column `answer` with a class, (keep), (unsure) or (none), and give it to `audit import`.
    More looks of one seed keep the rows of fewer, where there are as many strata.
    """
    from labelworks.schemas.config.load import absolute
    from labelworks.tasks.artifacts.shown.rows_by_id import judged_ref
    from labelworks.tasks.review.sample import draw_sample
    from labelworks.tasks.review.sample_file import write_sample

    with only_the_result_on_stdout():
        opened = open_judged(*find_run(run, store, config), config)
        ref = judged_ref(opened.artifacts)
        drawn, expected = draw_sample(
            opened.artifacts, opened.source, ref, design, looks=looks, width=width, seed=seed
        )
        out = absolute(to)
        write_sample(drawn, out)
    print(out)
    say(f"{len(drawn.rows):,} rows to look at; the interval is likely to be {100 * expected:.1f} points wide")


@audit.command(name="import")
def take(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `audit sample` wrote, with answers.")],
    annotator: Annotated[
        str | None, typer.Option(help="Who answered, where the file doesn't say. Default: the user.")
    ] = None,
    store: At = DEFAULT,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what became of it as JSON.")] = False,
) -> None:
    """Take the answers in FILE into the decisions of its dataset: all that hold, or, killed, none.

    Each row is checked: an unknown id or class, what has changed since it was shown, what was answered
    before or is of another dataset is put aside, and it is said why.
    """
    from labelworks.schemas.config.load import absolute
    from labelworks.tasks.catalog.history import known_dataset
    from labelworks.tasks.review.record import take_answers
    from labelworks.tasks.review.sample_file import read_answers

    with only_the_result_on_stdout():
        opened = open_store(store, config)
        answers = read_answers(absolute(file), annotator or getpass.getuser())
        dataset = known_dataset(opened, _dataset_of([answer.dataset for answer in answers], file))
        found = take_answers(opened, dataset, answers)
        estimates = _estimates(opened, dataset)
    if as_json:
        print_json({**_plain(found), "dataset": dataset, "estimates": estimates})
        return
    print("\n".join([found.says, *estimates]))
    for each in found.aside[:SHOWN]:
        say(f"row {each.place} ({each.id}): {each.reason}")
    if len(found.aside) > SHOWN:
        say(f"and {len(found.aside) - SHOWN:,} more")


def _dataset_of(named: list[str], file: str) -> str:
    """The dataset that most rows name."""
    from collections import Counter

    from labelworks.schemas.errors import InputError

    counts = Counter(name for name in named if name)
    if not counts:
        raise InputError("no row names its dataset", where=file, fix="keep the columns behind the answers")
    return counts.most_common(1)[0][0]


def _estimates(store: Store, dataset: str) -> list[str]:
    from labelworks.tasks.artifacts.decisions.estimates import sample_estimates
    from labelworks.tasks.review.record import decided

    held = [each.decision for each in decided(store, dataset) if not each.standing]
    return [each.says for each in sample_estimates(held)]


def _plain(found: Checked) -> dict[str, object]:
    aside = [{"row": each.place, "id": each.id, "reason": each.reason} for each in found.aside]
    return {"taken": len(found.taken), "unanswered": found.unanswered, "aside": aside}
