"""Validate: whether labels train a better model treated than as given, and by which treatment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from time import perf_counter

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_array

from labelworks.schemas.errors import InputError
from labelworks.schemas.findings import ShiftFindings, ValidateFigures
from labelworks.schemas.records import DatasetRef
from labelworks.schemas.stage_results import ValidateResult
from labelworks.schemas.suites import suites
from labelworks.tasks import gates
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.decisions.log import decisions_in_force
from labelworks.tasks.artifacts.imprecise.observed_sample import read_observed_sample
from labelworks.tasks.artifacts.vectors.class_vectors import class_vectors
from labelworks.tasks.artifacts.vectors.first_pass import FirstPass, read_first_pass
from labelworks.tasks.artifacts.vectors.sample_groups import read_groups, read_ids
from labelworks.tasks.artifacts.vectors.token_blocks import BEGINS
from labelworks.tasks.execution.engine import stage_task
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.tokens.tag_set import TagSet
from labelworks.tasks.methods.treatment.treat_rows import class_weights
from labelworks.tasks.methods.validation.before_after import Proof, ProofOptions, prove
from labelworks.tasks.methods.validation.label_sets import prove_label_sets
from labelworks.tasks.methods.validation.numbers import prove_numbers
from labelworks.tasks.methods.validation.observed import HeldRows, prove_observed
from labelworks.tasks.methods.validation.out_of_fold import compared_rows, too_few_folds
from labelworks.tasks.methods.validation.tags import prove_tags
from labelworks.tasks.planning.run import Run
from labelworks.tasks.planning.values import policy_of, proof_options
from labelworks.tasks.validate.audit import with_audit
from labelworks.tasks.validate.findings import findings_of

RIDGE = "ridge"
OF_CLASSES = "held-out given labels, under the noise transition"
OF_CELLS = "held-out given labels, each class by itself, corrected by its rates of missing and wrong ones"
OF_TAGS = "held-out given tags, under the noise transition, a sentence at a time"
OF_OBSERVED = "what was observed of held-out rows, as the class mix foretells it"
OF_NUMBERS, EXPLAINED = "held-out numbers, each counted by how likely it is right", "variance explained"


@stage_task("validate")
def validate(run: Run, ref: DatasetRef, shift: ShiftFindings | None) -> ValidateResult:
    """Train on raw and on treated labels, score all on held-out rows, and decide what a version carries."""
    if done := run.artifacts.result(ValidateResult):
        return done
    started = perf_counter()
    weights = class_weights(shift, policy_of(run.config.treat))
    proof, model, against = _proof(run, ref, read_first_pass(run.artifacts), weights)
    against += "" if weights is None or ref.inferred else ", weighted to the target window"
    proof = _audited(run, ref, proof, shifted=weights is not None)
    margin, approved = run.config.validation.margin, bool(run.artifacts.approved)
    measure = EXPLAINED if run.config.dataset.task == "regression" else "accuracy"
    findings = findings_of(proof, margin, ref.classes, model, against, measure=measure, approved=approved)
    figures = ValidateFigures(validation=findings)
    gate = suites("validate", run.config.gates.validation)
    checks = gates.check_figures("validate", gates.flat(figures), gate.figures)
    return run.artifacts.finish(
        ValidateResult(
            ref=ref,
            figures=figures,
            gate=gates.merge("validate", [], checks),
            seconds=perf_counter() - started,
        )
    )


def _audited(run: Run, ref: DatasetRef, proof: Proof, *, shifted: bool) -> Proof:
    """The proof with what people say of the rows on which its models differ, where rows count alike."""
    if proof.apart is None or shifted:
        return proof
    sampled = len(read_first_pass(run.artifacts).sample.given)
    ids = read_ids(run.artifacts, sampled)
    if ids is None:
        return proof
    decisions = decisions_in_force(run.artifacts.store, run.decided)
    return with_audit(run.artifacts, ref, proof, ids.take(pa.array(compared_rows(sampled))), decisions)


def _proof(
    run: Run, ref: DatasetRef, found: FirstPass, weights: NDArray[np.float64] | None
) -> tuple[Proof, str, str]:
    """The proof of what labels are, the model that it is of, and what that is measured against."""
    sample = found.sample
    options = proof_options(run.config, run.artifacts.budget, run.artifacts.approved)
    if too_few_folds(sample.folds):
        raise InputError(
            "the rows are too few to hold some out, and to judge the others by each other",
            where=run.config.dataset.source,
            fix="give more rows",
        )
    if ref.inferred:
        probes = run.config.detect.probes
        return _of_observed(run.artifacts, len(ref.classes), probes, options), options.model, OF_OBSERVED
    if ref.label_type == "tags":
        begins = sample.beside[BEGINS][:, 0].astype(bool)
        tags = TagSet.of(ref.classes, ref.tag_scheme)
        return prove_tags(found.sums, sample, begins, tags, options), options.model, OF_TAGS
    if found.targets is None:
        groups = read_groups(run.artifacts, len(sample.given))
        sample = replace(sample, beside={**sample.beside, **groups})
        named = class_vectors(run.artifacts) if run.config.dataset.class_names is not None else None
        over = partial(map_partitions, "validate", unit="folds held out")
        return prove(found.sums, sample, options, weights, named, over=over), options.model, OF_CLASSES
    targets = sample.beside["targets"]
    if run.config.dataset.task == "regression":
        given = targets[:, 0].astype(np.float64)
        rows = round(float(found.targets.rows.count.sum()))
        return prove_numbers(sample.features, given, sample.folds, options, rows), RIDGE, OF_NUMBERS
    proof = prove_label_sets(
        found.targets, sample.features, csr_array(targets), sample.folds, sample.beside.get("pred_probs"),
        options,
    )  # fmt: skip
    return proof, RIDGE, OF_CELLS


def _of_observed(artifacts: Artifacts, classes: int, probes: Sequence[str], options: ProofOptions) -> Proof:
    """The proof of labels that are inferred, by the rows that they were inferred by."""
    sample = read_observed_sample(artifacts, classes)
    said = sample.observed
    rows = HeldRows(
        sample.features, sample.folds, sample.hashes, said.marks, said.kinds, said.bags, sample.given
    )
    return prove_observed(rows, int(sample.folds.max()) + 1, probes, options.model, options.seed)
