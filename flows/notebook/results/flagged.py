"""What a run found of the labels where nothing was published."""

from __future__ import annotations

import pandas as pd

from labelworks.infra.secrets import storage_secrets
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import InputError
from labelworks.schemas.records import RunRecord
from labelworks.schemas.stage_results import DetectResult, TreatResult
from labelworks.tasks.artifacts.shown.flagged_rows import flagged
from labelworks.tasks.planning.open_run import plan_run
from labelworks.tasks.report.texts.verdict import verdict

COLUMNS = ["id", "original_label", "action", "reason", "suggestion", "error_probability"]


def flagged_rows(config: RunConfig, record: RunRecord) -> pd.DataFrame:
    """The flagged rows of a run that a gate or a person refused, or that waits, in the order of the review.

    Raises InputError where it ended before labels were judged.
    """
    run, _ = plan_run(config, storage_secrets(config.store))
    artifacts = run.artifacts
    judged = artifacts.result(DetectResult)
    if judged is None:
        raise InputError(
            f"no label was judged: {verdict(record)}",
            where=f"run {record.run_id}",
            fix=".report() shows how far it came",
        )
    rows, _ = flagged(artifacts, judged.ref, treated=artifacts.result(TreatResult) is not None)
    table = pd.DataFrame(rows, columns=["given", *COLUMNS])
    one_class = config.dataset.task == "classification"
    for name, code in (("original_label", "given"), ("suggestion", "suggestion")):
        table[name] = [judged.ref.classes[position] for position in table[code]] if one_class else table[code]
    return table[COLUMNS]
