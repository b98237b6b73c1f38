"""The pipeline: ingest → embed → detect → treat → validate → publish, and a gate after each."""

from __future__ import annotations

from prefect import flow

from flows.approval.questions import doubts, settled, wait
from flows.embed import embed
from flows.events import announce
from flows.progress_artifact import posted
from flows.recorder import Ledger
from infra.cluster.cluster import task_runner
from infra.prefect_server.server import without_heartbeats
from infra.secrets import storage_secrets
from schemas.config.run import RunConfig
from schemas.records import RunRecord
from schemas.secrets.logging import discreet
from tasks.artifacts.run import Run
from tasks.catalog.heartbeat import alive
from tasks.detect.other_tasks import judge
from tasks.detect.stage import detect
from tasks.ingest.stage import ingest
from tasks.planning.open_run import open_run
from tasks.planning.plan import Plan
from tasks.publish.stage import commit, export, publish_parts
from tasks.treat.budget import as_decided
from tasks.treat.stage import treat
from tasks.validate.stage import validate


@flow(name="curate", flow_run_name="curate {config.dataset.key}", validate_parameters=False)
def curate(config: RunConfig) -> RunRecord:
    """Curate a dataset: find what is wrong with its labels, treat it, prove it, publish a version."""
    with discreet():
        run, plans = open_run(config, storage_secrets(config.store))
        with alive(run):
            if found := settled(run):
                return export(run, found)
            return _stages(as_decided(run), plans)


def _stages(run: Run, plans: dict[str, Plan]) -> RunRecord:
    book = Ledger(run)
    with without_heartbeats(), posted(run.dataset), book.refusals():  # this flow has one: enough
        rows = book.enter("ingest", lambda: ingest(run, plans))
        vectors = book.enter("embed", lambda: embed(run, rows.ref), task_runner())
        if run.config.dataset.task != "classification":
            judged = book.enter("detect", lambda: judge(run, vectors.ref))
            book.enter("publish", lambda: publish_parts(run, judged.ref, judged.figures["rows"]))
            return announce(run, export(run, commit(run, book.close("published"))))
        scores = book.enter("detect", lambda: detect(run, vectors.ref, rows.figures))
        treated = book.enter("treat", lambda: treat(run, scores.ref, scores.figures["shift"]))
        proof = book.enter("validate", lambda: validate(run, scores.ref, scores.figures["shift"]))
        if reasons := doubts(run, treated, proof):
            return announce(run, wait(run, book.close("waiting", reasons), reasons))
        book.enter("publish", lambda: publish_parts(run, treated.ref, treated.figures["rows"]))
    return announce(run, export(run, commit(run, book.close("published"))))
