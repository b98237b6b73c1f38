"""Validate: a model trained on treated labels must not do worse than one trained on raw labels."""

from __future__ import annotations

from time import perf_counter

from prefect import task
from prefect.cache_policies import NO_CACHE

from labelworks.schemas.errors import InputError
from labelworks.schemas.findings import ShiftFindings, ValidateFigures, ValidationFindings
from labelworks.schemas.records import DatasetRef, ValidateResult
from labelworks.schemas.secrets.logging import redacted
from labelworks.tasks import gates
from labelworks.tasks.artifacts.class_vectors import class_vectors
from labelworks.tasks.artifacts.run import Run
from labelworks.tasks.artifacts.sufficient_statistics import read_first_pass
from labelworks.tasks.methods.folds import HOLDOUT
from labelworks.tasks.methods.treatment.treat_rows import class_weights
from labelworks.tasks.methods.validation.before_after import prove

MEASURED = "held-out given labels, corrected by the noise transition"


@task(name="validate", task_run_name="validate", cache_policy=NO_CACHE)
@redacted()
def validate(run: Run, ref: DatasetRef, shift: ShiftFindings | None) -> ValidateResult:
    """Train on raw and on treated labels, score both on held-out rows, and gate the difference."""
    if done := run.result(ValidateResult):
        return done
    started = perf_counter()
    first_pass = read_first_pass(run)
    sums, sample = first_pass.sums, first_pass.sample
    if not (sample.folds == HOLDOUT).any() or (sample.folds == HOLDOUT).all():
        raise InputError(
            f"{len(sample.folds)} rows are too few to hold any out",
            where=run.config.dataset.source,
            fix="give more rows",
        )
    weights = class_weights(shift, run.config.treat)
    proof = prove(sums, sample, run.config, weights, class_vectors(run))
    found = ValidationFindings(
        accuracy_raw=proof.accuracy_raw,
        accuracy_treated=proof.accuracy_treated,
        difference=proof.difference,
        interval=(proof.low, proof.high),
        at_limit=proof.at_limit,
        model=run.config.validation.model,
        holdout_rows=proof.holdout_rows,
        agreement_raw=proof.given_raw,
        agreement_treated=proof.given_treated,
        measured_against=MEASURED + ("" if weights is None else ", weighted to the target window"),
    )
    figures = ValidateFigures(validation=found)
    checks = gates.check_figures("validate", gates.flat(figures), run.config.gates.validation)
    return run.finish(
        ValidateResult(
            ref=ref,
            figures=figures,
            gate=gates.merge("validate", [], checks),
            seconds=perf_counter() - started,
        )
    )
