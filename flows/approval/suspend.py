"""Approval in the Prefect UI: a deployed run is suspended with a form, and goes on with the answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from prefect.context import FlowRunContext
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from pydantic import Field

from labelworks.schemas.approval import Decision
from labelworks.tasks.artifacts.approvals import decide, read_question, waiting_flow_run
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.report import markdown


class ApprovalForm(RunInput):
    """The form that a run waits with."""

    decision: Literal["approve", "reject"] = "approve"
    budget: int | None = Field(
        default=None, ge=0, description="Change at most so many labels, those that are surest. Empty: all."
    )
    by: str = Field(default="", description="Who decides, for the record.")

    def answer(self) -> Decision:
        """The form as it is kept in the run's folder."""
        budget = self.budget if self.decision == "approve" else None
        return Decision(decision=self.decision, budget=budget, by=self.by or "the Prefect UI")


def wait_for_answer(artifacts: Artifacts) -> bool:
    """Suspend this flow run until a person answers; when it goes on, keep the answer and return True.

    Only one flow run waits for a run; in any other this is False.
    """
    context, question = FlowRunContext.get(), read_question(artifacts.store, artifacts.folder)
    if context is None or context.flow_run is None or question is None:
        return False
    mine = str(context.flow_run.id)
    if waiting_flow_run(artifacts.store, artifacts.folder, mine) != mine:
        return False
    left = max(1, int((question.deadline - datetime.now(UTC)).total_seconds()))
    form = ApprovalForm.with_initial_data(description=markdown.question(question))
    filled_in = suspend_flow_run(wait_for_input=form, timeout=left, key=artifacts.id)
    decide(artifacts.store, artifacts.folder, filled_in.answer())
    return True


def resume(flow_run: str, decision: Decision) -> bool:
    """Let a suspended flow run go on with a decision; False if it no longer waits."""
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectHTTPStatusError

    values: dict[str, Any] = decision.model_dump(include={"decision", "budget", "by"})
    with get_client(sync_client=True) as client:
        try:
            result = client.resume_flow_run(UUID(flow_run), run_input=values)
        except PrefectHTTPStatusError:
            return False
    return result.status.value == "ACCEPT"
