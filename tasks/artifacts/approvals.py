"""What a run asked a person, and what was answered: objects in the run's folder, none ever overwritten."""

from __future__ import annotations

import json

from labelworks.schemas.approval import Answer, ApprovalQuestion, Decision, answer
from labelworks.schemas.records import Approval, RunRecord
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.storage.store import Store

FOLDER = "approval"


def ask(artifacts: Artifacts, question: ApprovalQuestion) -> ApprovalQuestion:
    """Keep a question, or find the one that the run asked before."""
    name = f"{artifacts.folder}/{FOLDER}/question.json"
    if not artifacts.store.create(name, question.model_dump_json().encode()):
        return read_question(artifacts.store, artifacts.folder) or question
    return question


def read_question(store: Store, folder: str) -> ApprovalQuestion | None:
    """The question of the run in a folder of the store; None if it asked none."""
    name = f"{folder}/{FOLDER}/question.json"
    return ApprovalQuestion.model_validate_json(store.read(name)) if store.exists(name) else None


def decide(store: Store, folder: str, decision: Decision) -> None:
    """Keep a person's decision; an earlier one stays on record."""
    number = len(_decisions(store, folder)) + 1
    while not store.create(
        f"{folder}/{FOLDER}/decision-{number:03d}.json", decision.model_dump_json().encode()
    ):
        number += 1


def read_decision(store: Store, folder: str) -> Decision | None:
    """The newest decision on a run."""
    names = _decisions(store, folder)
    return Decision.model_validate_json(store.read(f"{folder}/{FOLDER}/{names[-1]}")) if names else None


def waiting_flow_run(store: Store, folder: str, claim: str = "") -> str:
    """The Prefect flow run that waits for a run's approval: the first that claimed to; empty if none did."""
    name = f"{folder}/{FOLDER}/flow-run.json"
    if claim and store.create(name, json.dumps({"flow_run": claim}).encode()):
        return claim
    return str(store.read_json(name)["flow_run"]) if store.exists(name) else ""


def standing(artifacts: Artifacts) -> tuple[Answer, RunRecord] | None:
    """Where the run's question stands, and the record that says so; None if nothing was asked."""
    store, folder = artifacts.store, artifacts.folder
    question = read_question(store, folder)
    return None if question is None else standing_of(question, read_decision(store, folder))


def waiting(artifacts: Artifacts) -> RunRecord | None:
    """The record of a run that waits for an answer; None if it doesn't."""
    asked = standing(artifacts)
    return asked[1] if asked is not None and asked[0] == "waiting" else None


def standing_of(question: ApprovalQuestion, decision: Decision | None) -> tuple[Answer, RunRecord]:
    """Where a question stands, and the record that says so."""
    standing = answer(question, decision)
    status = "waiting" if standing in ("waiting", "approved") else "rejected"
    said = (
        decision.approval if decision else Approval(decision=standing, deadline=question.deadline.isoformat())
    )
    return standing, question.record.model_copy(
        update={"status": status, "approval": said.model_copy(update={"why": question.why})}
    )


def _decisions(store: Store, folder: str) -> list[str]:
    return sorted(name for name in store.names(f"{folder}/{FOLDER}") if name.startswith("decision-"))
