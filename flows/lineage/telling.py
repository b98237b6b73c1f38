"""A run tells what it reads and writes, where somebody asks for that. Never a reason to fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from prefect.context import FlowRunContext

from labelworks.infra.observability.lineage import Receiver, asked, receiver
from labelworks.schemas.errors import GateRefused
from labelworks.schemas.records import GateResult, RunRecord, Stage
from labelworks.schemas.stage_results import StageResult
from labelworks.tasks.execution import progress
from labelworks.tasks.execution.engine import run_logger
from labelworks.tasks.planning.plan import Plan
from labelworks.tasks.planning.run import Run
from labelworks.tasks.report.texts.verdict import verdict

if TYPE_CHECKING:
    from labelworks.flows.lineage.datasets import Datasets
    from labelworks.flows.lineage.events import Execution


@contextmanager
def told(run: Run, plans: Mapping[str, Plan]) -> Iterator[Lineage]:
    """Tell that a run starts, and at the end of the block how it ended: of what is raised that it failed.

    `Lineage.ended` says what it gave. A receiver that is dead or slow costs a bounded time, and one warning.
    """
    lineage = Lineage(run, plans)
    try:
        yield lineage
    except BaseException as error:
        lineage.failed(error)
        raise
    finally:
        lineage.close()


class Lineage:
    """The events of one run, and of its stages; of nothing where nobody asks for them."""

    def __init__(self, run: Run, plans: Mapping[str, Plan]) -> None:
        self._run = run
        self._receiver: Receiver | None = None
        self._gates: dict[Stage, GateResult] = {}
        self._problem = ""
        if asked():
            self._safely(lambda: self._begin(plans))

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[Callable[[StageResult], None]]:
        """Tell of a stage in this block; yields what takes the stage's result, before its gate is heard."""
        given: list[StageResult] = []
        if self._receiver is None:
            yield given.append
            return
        execution = self._execution.part(stage, "STAGE")
        self._send(lambda: self._of_stage(execution, "START", stage))
        try:
            yield given.append
        except BaseException as error:
            state, why = _state(error), _why(error)
            self._send(lambda: self._of_stage(execution, state, stage, given, why))
            raise
        self._send(lambda: self._of_stage(execution, "COMPLETE", stage, given))

    def ended(self, record: RunRecord) -> RunRecord:
        """Tell that the run came to an end, whatever that is, and give its record back."""
        self._send(lambda: self._end("COMPLETE", record, self._datasets.published(record)))
        return record

    def failed(self, error: BaseException) -> None:
        """Tell that the run failed: a gate refused it, or an error stopped it."""
        kept = error.record if isinstance(error, GateRefused) else None
        record = None if kept is None else RunRecord.model_validate(kept)
        why = _why(error) if record is None else verdict(record)
        self._send(lambda: self._end(_state(error), record, [], why))

    def close(self) -> None:
        """Wait for what is still to be sent, not for long; say once what went wrong."""
        if self._receiver is not None:
            self._problem = self._problem or self._receiver.close()
        if self._problem:
            warning = f"not all lineage events of run {self._run.artifacts.id} were received: {self._problem}"
            run_logger().warning("%s", warning)
            progress.current().note(warning)

    def _begin(self, plans: Mapping[str, Plan]) -> None:
        client = receiver()
        from labelworks.flows.lineage.datasets import Datasets
        from labelworks.flows.lineage.events import Execution

        first = {window: plan.partitions[0] for window, plan in plans.items() if plan.partitions}
        columns = {window: self._run.source.reader(part).schemas()[0] for window, part in first.items()}
        self._datasets: Datasets = Datasets(self._run, columns)
        self._execution: Execution = Execution(f"curate.{self._run.artifacts.dataset}", "RUN")
        self._receiver = client
        self._send(lambda: self._execution.event("START", self._facets(), self._datasets.sources()))

    def _end(self, state: str, record: RunRecord | None, outputs: Any, why: str = "") -> Any:
        from labelworks.flows.lineage.events import error_facet

        facets = {**self._facets(record), **(error_facet(why) if why else {})}
        return self._execution.event(
            state, facets, self._datasets.sources(list(self._gates.values())), outputs
        )

    def _of_stage(
        self, execution: Execution, state: str, stage: Stage, given: Sequence[StageResult] = (), why: str = ""
    ) -> Any:
        from labelworks.flows.lineage.events import error_facet

        result = given[0] if given else None
        if result is not None:
            self._gates[stage] = result.gate
        facets = {**self._facets(), **(error_facet(why) if why else {})}
        outputs = self._datasets.outputs(result) if result and state == "COMPLETE" else []
        return execution.event(state, facets, self._datasets.inputs(stage, result), outputs)

    def _facets(self, record: RunRecord | None = None) -> dict[str, Any]:
        from labelworks.flows.lineage.events import labelworks_facet, prefect_facet

        artifacts, context = self._run.artifacts, FlowRunContext.get()
        known = labelworks_facet(artifacts.id, artifacts.dataset, record)
        return {**known, **prefect_facet(context.flow_run if context else None)}

    def _send(self, made: Callable[[], Any]) -> None:
        """Send what is made, if anybody wants it; what can't be made is said at the end."""
        if self._receiver is not None and not self._problem:
            self._safely(lambda: self._receiver.send(made()))  # type: ignore[union-attr]

    def _safely(self, work: Callable[[], Any]) -> None:
        try:
            work()
        except Exception as error:  # lineage is beside the point of a run
            self._problem = _why(error)


def _state(error: BaseException) -> str:
    """FAIL of an error, ABORT where somebody stopped it."""
    return "FAIL" if isinstance(error, Exception) else "ABORT"


def _why(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
