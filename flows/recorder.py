"""The ledger of a run: enters each stage's result, stops at a gate that refuses, closes with the record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from datetime import UTC, datetime
from typing import Any

from prefect import flow, get_run_logger
from prefect.task_runners import TaskRunner

from labelworks.flows.events import announce
from labelworks.schemas.errors import GateRefused
from labelworks.schemas.records import RunRecord, Stage, StageResult, Status
from labelworks.schemas.secrets.logging import discreet
from labelworks.tasks.artifacts.approvals import read_decision
from labelworks.tasks.artifacts.run import Run, code_version
from labelworks.tasks.catalog.history import begun
from labelworks.tasks.execution import progress
from labelworks.tasks.execution.tracing import span
from labelworks.tasks.report.stage import post_run, post_stage, write_report

COUNTING = ("ingest", "treat", "publish")


class Ledger:
    """What the stages of one run gave back so far; a thread shows each in the UI while the next one works."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.results: list[StageResult] = []
        self._poster = ThreadPoolExecutor(1, thread_name_prefix="post")
        self._posts: list[Future[None]] = []
        self.started = begun(run)

    def enter(
        self, stage: Stage, work: Callable[[], StageResult], task_runner: TaskRunner[Any] | None = None
    ) -> StageResult:
        """Do a stage's work as a flow of its own and enter its result; raise GateRefused if its gate says no.

        The flow takes no parameters: the server would keep what a run knows of the store. And it lets go of
        what it did: Prefect keeps its function for as long as the process lives.
        """
        todo = [lambda: self._entered(stage, work)]

        def entered() -> StageResult:
            with discreet():
                return todo.pop()()

        named = f"{stage} {self.run.dataset}"
        with span(stage, dataset=self.run.dataset, run=self.run.id):
            as_flow = flow(name=stage, flow_run_name=named, version=code_version(), task_runner=task_runner)
            return as_flow(entered)()

    def _entered(self, stage: Stage, work: Callable[[], StageResult]) -> StageResult:
        progress.current().stage(stage)
        result = work()
        self.results.append(result)
        self._posts.append(self._poster.submit(copy_context().run, post_stage, result))
        self._tell(result)
        if not result.gate.ok:
            failed = result.gate.failed[0]
            raise GateRefused(
                failed.sentence,
                where=f"gate after {stage}",
                fix=f"see the report, or change gates.{stage}.thresholds.{failed.name}",
            )
        return result

    def _tell(self, result: StageResult) -> None:
        """Say what was done, in the run's log, and what the gate warns of, there and to whoever watches."""
        log = get_run_logger()
        work = ", ".join(f"{rows:,} {name.replace('_', ' ')}" for name, rows in result.work.items())
        log.info("%s: %s in %.1f s", result.stage, work or "done", result.seconds)
        for check in result.gate.warned:
            warning = f"{result.stage}: {check.sentence}"
            log.warning("%s", warning)
            progress.current().note(warning)

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """If a gate refuses, write the report and the record of the refused run before the error goes on."""
        try:
            with span("curate", dataset=self.run.dataset, run=self.run.id):
                yield
        except GateRefused as error:
            record = self.close("refused")
            self.run.store.write_json(f"{self.run.folder}/refused.json", record.model_dump(mode="json"))
            error.record = record.model_dump(mode="json")
            announce(self.run, record)
            raise
        finally:
            self._poster.shutdown()

    def close(self, status: Status, why: tuple[str, ...] = ()) -> RunRecord:
        """Write the report, show the verdict, and return the record; why: what a run that waits asks."""
        for post in self._posts:
            post.result()  # the report draws too, and matplotlib is for one thread at a time
        record = self._record(status, report="")
        if why:
            record = record.model_copy(update={"approval": {"why": why}})
        record = record.model_copy(update={"report": write_report(self.run, self.results, record)})
        post_run(record)
        return record

    def _record(self, status: Status, report: str) -> RunRecord:
        figures = {name: value for result in self.results for name, value in result.figures.items()}
        work = {name: rows for result in self.results for name, rows in result.work.items()}
        decided = read_decision(self.run.store, self.run.folder)
        return RunRecord(
            run_id=self.run.id,
            status=status,
            dataset=self.run.dataset,
            version=None,
            rows=self._rows(),
            left_out_files=figures.get("left_out_files", 0),
            work=work,
            crowd=figures.get("crowd", {}),
            noise=figures.get("noise", {}),
            shift=figures.get("shift", {}),
            drift=figures.get("drift", {}),
            treatment=figures.get("treatment", {}),
            validation=figures.get("validation", {}),
            gates={result.stage: result.gate for result in self.results},
            report=report,
            timings={result.stage: round(result.seconds, 3) for result in self.results},
            parts=tuple(figures.get("names", ())),
            target_parts=tuple(figures.get("target_names", ())),
            classes=self.results[-1].ref.classes,
            config=self.run.config.model_dump(mode="json", by_alias=True),
            code_version=code_version(),
            started=self.started,
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            approval=decided.plain if decided else {},
        )

    def _rows(self) -> int:
        """Labelled rows that are left after the last stage that counts them."""
        counts = [result.figures["rows"] for result in self.results if result.stage in COUNTING]
        return int(counts[-1])
