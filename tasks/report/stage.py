"""Report: what a run found, as one HTML file in the store and as artifacts in the Prefect UI."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
from prefect import task
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from labelworks.schemas.records import DatasetRef, RunRecord, StageResult
from labelworks.schemas.secrets.logging import redacted
from labelworks.tasks.artifacts.run import Run
from labelworks.tasks.exports import with_exports
from labelworks.tasks.report import drift_text, html, markdown, plots, time_plots, wording
from labelworks.tasks.report import flagged_rows as shown
from labelworks.tasks.report.evidence import ActionCount, Evidence, ScoreHistogram, WorstRow

STRANGEST = 12
PACKAGES = ("labelworks", "prefect", "dask", "pyarrow", "great-expectations", "scikit-learn", "numpy")


@task(name="report", task_run_name="report", cache_policy=NO_CACHE)
@redacted()
def write_report(run: Run, results: Sequence[StageResult], record: RunRecord) -> str:
    """Write the HTML report of a run, published or refused; return its address."""
    name = run.file("report", "report.html")
    page = html.render(record, gather(run, results, record))
    run.store.write(name, page.encode())
    return run.store.url(name)


def post_stage(result: StageResult) -> None:
    """Show a stage in the Prefect UI: its gate as a table, its figures and plots as a page."""
    create_table_artifact(
        markdown.gate_rows(result.gate),
        key=_key(result.ref.dataset, f"gate-{result.stage}"),
        description=f"The gate after {result.stage}",
    )
    pictures = _pictures(result)
    create_markdown_artifact(
        markdown.stage(_plain(result), pictures), key=_key(result.ref.dataset, f"stage-{result.stage}")
    )
    if result.stage == "detect":
        create_table_artifact(
            _queue(result),
            key=_key(result.ref.dataset, "review-queue"),
            description="The likeliest wrong labels, worst first; the report shows the rows themselves",
        )


def post_run(record: RunRecord) -> None:
    """Show the end of a run in the Prefect UI: the verdict, and a link to the report."""
    create_markdown_artifact(markdown.summary(record), key=_key(record.dataset, "verdict"))
    link = record.report if "://" in record.report else f"file://{record.report}"
    about = f"Report of run {record.run_id}"
    create_link_artifact(link, link_text="report", key=_key(record.dataset, "report"), description=about)


def _key(dataset: str, what: str) -> str:
    """Key of an artifact: each dataset, and each window of it, has its own history."""
    return f"{re.sub('[^a-z0-9]+', '-', dataset.lower()).strip('-')}-{what}"


def _queue(result: StageResult) -> list[dict[str, str]]:
    return [
        {
            "id": str(row["id"]),
            "label": str(_named(result.ref, row["given"])),
            "likelier": str(_named(result.ref, row["suggestion"])),
            "P(wrong)": f"{row['error_probability']:.1%}",
        }
        for row in result.figures["evidence"]["worst"]
    ]


def _named(ref: DatasetRef, label: Any) -> int | str:
    """The class of a code; a label that is no single class as text."""
    return ref.classes[label] if ref.label_type in ("int", "string") else wording.written(label)


def gather(run: Run, results: Sequence[StageResult], record: RunRecord) -> Evidence:
    """Collect what the report shows from the stages that were reached."""
    found = {result.stage: result for result in results}
    detected = found["detect"].figures if "detect" in found else {}
    treated = found["treat"].figures if "treat" in found else {}
    ref = results[-1].ref
    seen, done = detected.get("evidence", {}), treated.get("evidence", {})
    flagged, count = shown.flagged(run, ref, treated=bool(treated)) if seen else ([], 0)
    return Evidence(
        classes=ref.classes,
        transition=_array(seen.get("transition")),
        scores=_histogram(seen),
        counts_before=_array(done.get("before")),
        counts_after=_array(done.get("after")),
        worst=_shown(run, ref, _decided(run, ref, seen.get("worst", []))),
        strangest=_shown(run, ref, _decided(run, ref, seen.get("strangest", [])[:STRANGEST])),
        flagged=_shown(run, ref, flagged),
        flagged_rows=count,
        examples=_examples(run, ref, detected),
        files=_files(run, record, results),
        actions=tuple(ActionCount(*entry) for entry in done.get("actions", [])),
        versions={name: version(name) for name in PACKAGES},
        **_priors(ref, detected.get("shift", {})),
    )


def _plain(result: StageResult) -> StageResult:
    """Without the evidence, which is drawn and not listed."""
    figures: dict[str, Any] = {}
    for name, value in result.figures.items():
        if name in ("noise", "shift", "treatment", "validation"):
            plain = {key: each for key, each in value.items() if not isinstance(each, dict | list)}
            figures |= {f"{name}: {key}": each for key, each in plain.items()}
        elif name == "drift":
            told = drift_text.sentences(value, result.figures["shift"])
            figures |= {f"moved, {number}": text for number, text in enumerate(told, 1)}
        elif name not in ("evidence", "names", "target_names"):
            figures[name] = value
    return result.model_copy(update={"figures": figures})


def _pictures(result: StageResult) -> dict[str, bytes]:
    if result.stage == "detect":
        seen = result.figures["evidence"]
        evidence = Evidence(
            classes=result.ref.classes,
            transition=_array(seen["transition"]),
            scores=_histogram(seen),
            **_priors(result.ref, result.figures["shift"]),
        )
        drawn = {
            "Scores": plots.score_histogram(evidence),
            "Wrong labels": plots.confusions(evidence),
            "Class mix": plots.priors(evidence),
            **_over_time(result.figures["drift"]),
        }
    elif result.stage == "validate":
        drawn = {"Treated against raw": plots.difference(result.figures["validation"])}
    else:
        drawn = {}
    return {title: plots.png(figure) for title, figure in drawn.items() if figure is not None}


def _over_time(drift: dict[str, Any]) -> dict[str, Any]:
    drawn = {}
    for name, title in drift_text.STREAMS.items():
        drawn[f"{title}: class mix over time"] = time_plots.mix_over_time(drift.get(name, {}))
        drawn[f"{title}: drift over time"] = time_plots.drift_over_time(drift.get(name, {}))
    return drawn


def _array(values: Any) -> Any:
    return None if values is None else np.asarray(values)


def _histogram(seen: dict[str, Any]) -> ScoreHistogram | None:
    if not seen:
        return None
    counts, flagged = np.asarray(seen["histogram"]), np.asarray(seen["flagged_histogram"])
    return ScoreHistogram(np.linspace(0.0, 1.0, len(counts) + 1), counts, flagged)


def _priors(ref: DatasetRef, shift: dict[str, Any]) -> dict[str, Any]:
    if not shift:
        return {}
    columns = {"prior_source": "source_prior", "prior_target": "prior", "prior_interval": "interval"}
    return {
        argument: np.array([shift[name][str(each)] for each in ref.classes])
        for argument, name in columns.items()
    }


def _shown(run: Run, ref: DatasetRef, rows: list[dict[str, Any]]) -> tuple[WorstRow, ...]:
    """Rows in their order, with what a person needs to judge them."""
    return tuple(
        WorstRow(
            id=row["id"],
            given=_named(ref, row["given"]),
            suggested=_named(ref, row["suggestion"]),
            probability=row["error_probability"],
            action=row.get("action", ""),
            reason=row.get("reason", ""),
            text=content.text,
            image=content.image,
            vector=content.vector,
        )
        for row, content in zip(rows, shown.contents(run, ref, rows), strict=True)
    )


def _decided(run: Run, ref: DatasetRef, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with what was decided on them, where that is so far."""
    partitions = {each.key: each for each in ref.partitions}
    found: dict[tuple[str, int], tuple[str, str]] = {}
    for key in dict.fromkeys(row["partition"] for row in rows):
        here = [row["row"] for row in rows if row["partition"] == key]
        made = shown.decisions(run, partitions[key], here)
        found |= {(key, row): decision for row, decision in made.items()}
    decided = [found.get((row["partition"], row["row"]), ("", "")) for row in rows]
    return [{**row, "action": a, "reason": why} for row, (a, why) in zip(rows, decided, strict=True)]


def _examples(run: Run, ref: DatasetRef, found: dict[str, Any]) -> dict[tuple[str, str], shown.Content]:
    """What is in the rows that slices and new classes name."""
    groups = {
        "source": found.get("drift", {}).get("slices", {}).get("groups", []),
        "target": found.get("shift", {}).get("unknown", {}).get("largest", []),
    }
    ids = {window: [name for each in named for name in each["examples"]] for window, named in groups.items()}
    return {
        (window, name): content
        for window, names in ids.items()
        if names
        for name, content in shown.by_ids(run, ref, window, names).items()
    }


def _files(run: Run, record: RunRecord, results: Sequence[StageResult]) -> dict[str, str]:
    """Where what the run read and made is."""
    folder, data = f"{run.folder}/", run.config.dataset
    found = {"source": data.place("source")} | ({"target": data.place("target")} if data.target else {})
    for name, parts in (("published rows", record.parts), ("rows of the target", record.target_parts)):
        if parts and record.status == "published":
            place = run.store.url(f"{folder}{parts[0].rpartition('/')[0]}")
            found[name] = f"{place} ({wording.plural(len(parts), 'parquet file')})"
    if record.status == "published":
        addresses = with_exports(run, record.model_copy(update={"version": 0})).exports
        found |= {f"as {name}": address for name, address in addresses.items()}
    for result in results:
        aside = f"{folder}{result.stage}/rejected.parquet"
        if result.figures.get("rejected_rows") or result.figures.get("rejected_files"):
            found[f"put aside by {result.stage}"] = run.store.url(aside)
    return found | {"the run": run.store.url(folder)}
