"""`labelworks classes`: which classes of a dataset may be one, as a mapping to edit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labelworks.flows.cli.output import print_json

if TYPE_CHECKING:
    from labelworks.schemas.config.run import RunConfig
    from labelworks.schemas.findings import ConfusedPair
    from labelworks.tasks.methods.label_space import ClassFinding, Proposal

Audited = tuple[str, "list[ClassFinding]", "list[Proposal]", dict[str, "str | int | None"]]


def classes(
    where: Annotated[
        str, typer.Argument(metavar="SOURCE|CONFIG", help="A dataset, as for `init`, or a config file.")
    ],
    label: Annotated[str | None, typer.Option(help="The column of the labels, of a SOURCE.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print findings and mapping as JSON.")] = False,
) -> None:
    """Look at the classes of a dataset: which are one under two names, overlap, imply another, are empty.

    Prints a mapping to edit, for dataset.class_mapping: `labelworks classes CONFIG > mapping.yaml`.
    Of a CONFIG, what its newest run found of confused classes is looked at too.
    """
    about, findings, proposed, given = _audited(where, label)
    if as_json:
        print_json(_plain(about, findings, proposed, given))
        return
    from labelworks.tasks.report.class_mapping import mapping_yaml

    print(mapping_yaml(about, findings, proposed, given), end="")


def _audited(where: str, label: str | None) -> Audited:
    from labelworks.infra.secrets import storage_secrets
    from labelworks.tasks.ingest.label_counts import count_labels
    from labelworks.tasks.methods.label_space import audit, proposal
    from labelworks.tasks.planning.open_run import open_run
    from labelworks.tasks.planning.plan import plan_window
    from labelworks.tasks.report.texts.wording import plural

    config, seen = _config(where, label), None
    if config is None:
        config = _of_source(where, label)
    else:
        seen = _newest(config)
    run = open_run(config, "", storage_secrets(config.store))
    counted = count_labels(run.source, plan_window(config, "source", run.source.options))
    data = config.dataset
    findings = audit(
        counted.counts,
        listed=data.classes or (),
        confusions=seen[1] if seen else (),
        together=counted.together,
        rows=counted.rows,
    )
    given = dict(data.class_mapping or {})
    by = f", and what run {seen[0]} confused" if seen else ""
    about = f"{data.source}: {plural(len(counted.counts), 'class')} of {plural(counted.rows, 'row')}{by}"
    return about, findings, proposal(findings, given), given


def _config(where: str, label: str | None) -> RunConfig | None:
    """The config, if it is one."""
    if Path(where).suffix not in (".yaml", ".yml"):
        return None
    from labelworks.infra import settings
    from labelworks.schemas.config.load import load_config
    from labelworks.schemas.errors import ConfigError

    settings.apply()
    if label is not None:
        raise ConfigError("a config says which column the labels are in", where="--label", fix="leave it out")
    config = load_config(where)
    if config.dataset.task == "regression":
        raise ConfigError("labels that are numbers are no classes", where=f"{where}: dataset.task")
    if config.dataset.votes.source:
        fix = "look at the answers themselves: labelworks classes VOTES --label COLUMN"
        raise ConfigError("labels made of votes have no column", where=f"{where}: dataset.votes", fix=fix)
    if not config.dataset.label:
        fix = "the classes are those that rules speak for; `labelworks classes SOURCE` looks at a column"
        raise ConfigError("labels made of rules have no column", where=f"{where}: dataset.rules", fix=fix)
    return config


def _of_source(source: str, label: str | None) -> RunConfig:
    """What reads the labels of a dataset: all that is asked of features is that there is a column."""
    from labelworks.schemas.config.load import absolute
    from labelworks.schemas.config.run import RunConfig
    from labelworks.schemas.errors import InputError
    from labelworks.tasks.sources.guess.label import task_of
    from labelworks.tasks.sources.guess.roles import guess
    from labelworks.tasks.sources.profile import look

    seen = look(source)
    candidate = guess(seen).label if label is None else None
    column = label if label is not None else candidate.name if candidate else ""
    if not column:
        raise InputError("no column is taken for the label", where=source, fix="name it with --label")
    task = candidate.task if candidate else task_of(seen.column(column))
    if task not in ("classification", "multilabel"):
        raise InputError(f"column {column!r} holds no classes", where=source, fix="name another with --label")
    csv = {"delimiter": seen.dialect.delimiter, "encoding": seen.dialect.encoding}
    dataset = {"source": absolute(source), "label": column, "task": task, "csv": csv}
    return RunConfig.model_validate({"dataset": {**dataset, "features": {"other": column}}})


def _newest(config: RunConfig) -> tuple[str, tuple[ConfusedPair, ...]] | None:
    """The newest run of the dataset and which classes it found confused; None where it judged no labels."""
    from labelworks.infra.secrets import storage_secrets
    from labelworks.tasks.catalog import history
    from labelworks.tasks.storage.store import Store

    store = Store(config.store.root, {**config.store.storage_options, **storage_secrets(config.store)})
    if not store.names(f"{config.dataset.key}/runs"):
        return None
    dataset, run_id = history.latest(store, config.dataset.key)
    record = history.entry(store, dataset, run_id).record
    return None if record is None or record.noise is None else (run_id, record.noise.top_confusions)


def _plain(
    about: str, findings: list[ClassFinding], proposed: list[Proposal], given: dict[str, Any]
) -> dict[str, Any]:
    from dataclasses import asdict

    sure = {str(proposal.name): proposal.become for proposal in proposed if proposal.sure}
    return {
        "about": about,
        "findings": [asdict(finding) for finding in findings],
        "class_mapping": {**given, **sure},
    }
