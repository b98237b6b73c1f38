"""The pipeline: ingest → embed → detect → treat → validate → publish, and a gate after each."""

from __future__ import annotations

from prefect import flow

from flows.announce import announce
from flows.approval import doubts, settled, wait
from flows.embed import embed
from flows.ledger import Ledger
from flows.posting import posted
from infra.api import without_heartbeats
from infra.cluster import task_runner
from infra.secrets import storage_secrets
from schemas.config import RunConfig
from schemas.records import RunRecord
from schemas.telling import discreet
from tasks.detect import detect
from tasks.ingest import ingest
from tasks.io.budget import as_decided
from tasks.io.living import alive
from tasks.io.opening import open_run
from tasks.io.plan import Plan
from tasks.io.run import Run
from tasks.judge import judge
from tasks.publish import commit, export, publish_parts
from tasks.treat import treat
from tasks.validate import validate


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
