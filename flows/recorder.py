"""The recorder of a run: runs its stages, keeps what each gave back, and makes the run's record of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar, TypeVarTuple, cast

from prefect import flow
from prefect.task_runners import TaskRunner

from labelworks.flows.events import announce
from labelworks.flows.lineage.telling import Lineage
from labelworks.schemas.errors import ConfigError, GateRefused, InputError
from labelworks.schemas.findings import (
    DetectFigures,
    EmbeddingFigures,
    IngestFigures,
    PublishFigures,
    TreatFigures,
    ValidateFigures,
)
from labelworks.schemas.records import Approval, RunRecord, Stage, Status
from labelworks.schemas.secrets.logging import redacted
from labelworks.schemas.stage_results import StageResult, figures_of
from labelworks.tasks.artifacts.approvals import read_decision
from labelworks.tasks.artifacts.code_version import code_version
from labelworks.tasks.catalog.history import begun, note_unusable
from labelworks.tasks.execution import progress
from labelworks.tasks.execution.engine import in_flow, run_logger
from labelworks.tasks.execution.tracing import span
from labelworks.tasks.planning.run import Run
from labelworks.tasks.report.stage import post_run, post_stage, write_report

_Given = TypeVarTuple("_Given")
_Result = TypeVar("_Result", bound=StageResult)


class Recorder:
    """What the stages of one run gave back so far; a thread shows each in the UI while the next one works."""

    def __init__(self, run: Run, lineage: Lineage) -> None:
        self.run, self.lineage = run, lineage
        self.results: list[StageResult] = []
        self._poster = ThreadPoolExecutor(1, thread_name_prefix="post")
        self._posts: list[Future[None]] = []
        self.started = begun(run.artifacts)

    def run_stage(
        self,
        stage: Stage,
        work: Callable[[*_Given], _Result],
        *given: *_Given,
        task_runner: Callable[[], TaskRunner[Any] | None] = lambda: None,
    ) -> _Result:
        """Call a stage, in a flow as one of its own, and keep its result; GateRefused if its gate says no."""
        with span(stage, dataset=self.run.artifacts.dataset, run=self.run.artifacts.id):
            _next.set([_Call(self, stage, work, given)])
            return cast("_Result", self._flow(stage, task_runner())() if in_flow() else call_stage())

    def _flow(self, stage: Stage, runner: TaskRunner[Any] | None) -> Callable[[], StageResult]:
        named = f"{stage} {self.run.artifacts.dataset}"
        return flow(name=stage, flow_run_name=named, version=code_version(), task_runner=runner)(call_stage)

    def keep(self, result: StageResult) -> None:
        """Keep a stage's result, show and tell it; raise GateRefused if its gate says no."""
        by_stage = {kept.stage: kept for kept in [*self.results, result]}
        self.results = list(by_stage.values())  # of a stage called again the last counts, in its old place
        if in_flow():
            self._posts.append(self._poster.submit(copy_context().run, post_stage, result))
        self._tell(result)
        if not result.gate.ok:
            failed = result.gate.failed[0]
            key = failed.key or f"gates.{result.stage}.thresholds.{failed.name}"
            raise GateRefused(
                failed.sentence, where=f"gate after {result.stage}", fix=f"see the report, or change {key}"
            )

    def _tell(self, result: StageResult) -> None:
        """Say what was done, in the run's log, and what the gate warns of, there and to whoever watches."""
        log = run_logger()
        work = ", ".join(f"{rows:,} {name.replace('_', ' ')}" for name, rows in result.work.items())
        log.info("%s: %s in %.1f s", result.stage, work or "done", result.seconds)
        for check in result.gate.warned:
            warning = f"{result.stage}: {check.sentence}"
            log.warning("%s", warning)
            progress.current().note(warning)

    @contextmanager
    def on_refusal(self) -> Iterator[None]:
        """Keep that a run is refused before the error goes on: by a gate with report and record, else why."""
        try:
            with span("curate", dataset=self.run.artifacts.dataset, run=self.run.artifacts.id):
                yield
        except GateRefused as error:
            record = self.finish("refused")
            artifacts, error.record = self.run.artifacts, record.model_dump(mode="json")
            artifacts.store.write_json(f"{artifacts.folder}/refused.json", error.record)
            announce(artifacts, record)
            raise
        except (InputError, ConfigError) as error:
            note_unusable(self.run.artifacts, error)
            raise
        finally:
            self._poster.shutdown()

    def finish(self, status: Status, why: tuple[str, ...] = ()) -> RunRecord:
        """Write the report, show the verdict, and return the record; why: what a run that waits asks."""
        for post in self._posts:
            post.result()  # the report draws too, and matplotlib is for one thread at a time
        record = self._record(status)
        if why:
            record = record.model_copy(update={"approval": Approval(why=why)})
        record = record.model_copy(update={"report": write_report(self.run, self.results, record)})
        if in_flow():
            post_run(record)
        return record

    def _record(self, status: Status) -> RunRecord:
        """All figures of the stages so far, without the place of the report."""
        ingested = figures_of(self.results, IngestFigures)
        figures = figures_of(self.results, DetectFigures)
        treated = figures_of(self.results, TreatFigures)
        proof = figures_of(self.results, ValidateFigures)
        published = figures_of(self.results, PublishFigures)
        work = {name: rows for result in self.results for name, rows in result.work.items()}
        decided = read_decision(self.run.artifacts.store, self.run.artifacts.folder)
        return RunRecord(
            run_id=self.run.artifacts.id,
            status=status,
            dataset=self.run.artifacts.dataset,
            version=None,
            rows=self._rows(),
            rejected_rows=sum(
                made.rejected_rows
                for made in (ingested, figures_of(self.results, EmbeddingFigures))
                if made is not None
            ),
            left_out_files=ingested.left_out_files if ingested else 0,
            work=work,
            renamed_classes=ingested.renamed_classes if ingested else (),
            crowd=ingested.crowd if ingested else None,
            rules=ingested.rules if ingested else None,
            inferred=figures.inferred if figures else None,
            embedding=figures_of(self.results, EmbeddingFigures),
            noise=figures.noise if figures else None,
            shift=figures.shift if figures else None,
            performance=figures.performance if figures else None,
            ranking=figures.ranking if figures else (),
            drift=figures.drift if figures else None,
            shortcuts=figures.shortcuts if figures else None,
            poison=figures.poison if figures else None,
            calibration=figures.calibration if figures else (),
            trees=figures.trees if figures else None,
            content=figures.content if figures else None,
            nulls=(figures.nulls or ()) if figures else (),
            health=figures.health if figures else None,
            trend=figures.trend if figures else None,
            treatment=treated.treatment if treated else None,
            validation=proof.validation if proof else None,
            prediction_sets=published.prediction_sets if published else None,
            gates={result.stage: result.gate for result in self.results},
            report="",
            timings={result.stage: round(result.seconds, 3) for result in self.results},
            parts=published.names if published else (),
            target_parts=published.target_names if published else (),
            classes=self.results[-1].ref.classes,
            config=self.run.config.model_dump(mode="json", by_alias=True),
            code_version=code_version(),
            started=self.started,
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            approval=decided.approval if decided else None,
        )

    def _rows(self) -> int:
        """Labelled rows that are left after the last stage that counts them."""
        counted = (
            figures_of(self.results, PublishFigures)
            or figures_of(self.results, TreatFigures)
            or figures_of(self.results, IngestFigures)
        )
        return counted.rows if counted else 0


class _Call(NamedTuple):
    """A stage that is to be called, and who keeps its result."""

    recorder: Recorder
    stage: Stage
    work: Callable[..., StageResult]
    given: tuple[Any, ...]


_next: ContextVar[list[_Call]] = ContextVar("next")  # one, that is taken: Prefect's threads keep contexts


def call_stage() -> StageResult:
    """The function of every stage's flow.

    What it calls is no parameter: the server would keep what a run knows of its store. And it is a plain
    function of a module: Prefect sends it to workers, and never lets go of it.
    """
    call = _next.get().pop()
    with redacted(), call.recorder.lineage.stage(call.stage) as gave:
        progress.current().stage(call.stage)
        result = call.work(*call.given)
        gave(result)
        call.recorder.keep(result)
        return result
