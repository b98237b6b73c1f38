"""The pipeline: ingest → embed → detect → treat → validate → publish, and a gate after each."""

from __future__ import annotations

from prefect import flow

from labelworks.flows.approval.questions import reasons_to_ask, wait
from labelworks.flows.embed import embed
from labelworks.flows.events import announce
from labelworks.flows.lineage.telling import Lineage, told
from labelworks.flows.progress_artifact import posted
from labelworks.flows.recorder import Recorder
from labelworks.infra.cluster.cluster import task_runner
from labelworks.infra.prefect_server.server import without_heartbeats
from labelworks.infra.process import threads
from labelworks.infra.secrets import judge_keys, storage_secrets
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.records import RunRecord
from labelworks.schemas.secrets.logging import redacted
from labelworks.tasks.artifacts.adopted import adopt
from labelworks.tasks.catalog.finished import finished_record, reinstate
from labelworks.tasks.catalog.heartbeat import run_heartbeat
from labelworks.tasks.detect.stage import detect
from labelworks.tasks.ingest.stage import ingest
from labelworks.tasks.planning.open_run import plan_run
from labelworks.tasks.planning.plan import Plan
from labelworks.tasks.planning.run import Run
from labelworks.tasks.publish.stage import commit, export, publish_parts
from labelworks.tasks.treat.stage import as_decided, as_proven, treat
from labelworks.tasks.validate.stage import validate


@flow(name="curate", flow_run_name="curate {config.dataset.key}", validate_parameters=False)
def curate(config: RunConfig) -> RunRecord:
    """Curate a dataset: find what is wrong with its labels, treat it, prove it, publish a version."""
    with redacted():
        run, plans = plan_run(config, storage_secrets(config.store))
        with run_heartbeat(run.artifacts):
            if finished := finished_record(run.artifacts):
                return export(run, reinstate(run.artifacts, finished))
            adopt(run.artifacts, run.undecided)
            decided = as_decided(run).with_keys(judge_keys(config.treat.judges))
            with told(decided, plans) as lineage:
                return lineage.ended(_stages(decided, plans, lineage))


def _stages(run: Run, plans: dict[str, Plan], lineage: Lineage) -> RunRecord:
    recorder = Recorder(run, lineage)
    run_stage, finish = recorder.run_stage, recorder.finish
    posting = posted(run.artifacts.dataset)
    limits = threads(run.config.compute.threads)  # those of more cores wait for one another, busy
    with without_heartbeats(), posting, recorder.on_refusal(), limits:  # this flow has a heartbeat: enough
        rows = run_stage("ingest", ingest, run, plans)
        vectors = run_stage("embed", embed, run, rows.ref, task_runner=task_runner)
        scores = run_stage("detect", detect, run, vectors.ref, rows.figures)
        treated = run_stage("treat", treat, run, scores.ref, scores.figures)
        proof = run_stage("validate", validate, run, scores.ref, scores.figures.shift)
        if (proven := as_proven(run, proof.figures.validation)) is not run:
            run = recorder.run = proven
            treated = run_stage("treat", treat, run, scores.ref, scores.figures)
        if reasons := reasons_to_ask(run, treated, proof):
            return announce(run.artifacts, wait(run, finish("waiting", reasons), reasons))
        run_stage("publish", publish_parts, run, treated.ref, treated.figures.rows)
    return announce(run.artifacts, export(run, commit(run, finish("published"))))
