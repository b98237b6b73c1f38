"""What models say of doubtful labels: `ask_judges`."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from labelworks.flows.notebook.inputs.classes import coded, plain
from labelworks.flows.notebook.inputs.columns import column, length
from labelworks.flows.notebook.inputs.problem import first_problem
from labelworks.flows.notebook.label_errors import LabelErrors
from labelworks.flows.notebook.results.judgement import Judgement
from labelworks.infra.secrets import judge_keys
from labelworks.schemas.config.judges import JudgesConfig
from labelworks.schemas.config.run import StoreConfig
from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.judges.heard import Listed, hear
from labelworks.tasks.methods.judges.pool import Pooled, review_order
from labelworks.tasks.methods.judges.question import Content, candidates
from labelworks.tasks.planning.values import panel_of_judges
from labelworks.tasks.storage.store import Store
from labelworks.tasks.treat.judging.ask_judges import FOLDER, AskedRow, Asking

BESIDE = "-judges"  # what answers are kept in, beside the store of runs


def ask_judges(
    contents: Any,
    findings: LabelErrors,
    models: Sequence[Mapping[str, Any]],
    *,
    rows: int = 500,
    budget: float = 1.0,
    instruction: str = "",
    concurrency: int = 4,
    timeout: float = 120.0,
    retries: int = 5,
    seed: int = 0,
    store: str | Path | None = None,
) -> Judgement:
    """Ask language or vision models about the labels that are likeliest wrong.

    Parameters
    ----------
    contents : array-like of shape (N,)
        What is in the rows: texts, or images as bytes of files or of PIL.
    findings : LabelErrors
        What `find_label_errors` found of their labels, with its posterior.
    models : sequence of dict
        The judges, cheap ones first: the next is asked where those before doubt the label. Of each `model`,
        `price_in` and `price_out` (of a million tokens), and what else `treat.judges.models` takes, such as
        `base_url`, `votes`, `temperature`, `key_env`. Keys come from the environment: LABELWORKS_KEY_OPENAI.
    rows : int, default 500
        Rows at most, those whose labels are likeliest wrong.
    budget : float, default 1.0
        What all answers may cost; it stops before that is passed.
    instruction : str, optional
        What a labeller of these rows has to know.
    concurrency : int, default 4
        Questions at once.
    timeout : float, default 120.0
        Seconds for one.
    retries : int, default 5
        How often one is asked again where a service is busy or away.
    seed : int, default 0
        Of the order in which later votes list the classes.
    store : str or Path, default "labelworks-store"
        Answers are kept in the folder `<store>-judges`: the same question is not bought twice.

    Returns
    -------
    Judgement
        Rows in the order of the review; `.issues` are those that judges contradict; for `labelworks.treat`.

    Raises
    ------
    InputError
        Findings without a posterior, contents of another length, a service that stays away.
    ConfigError
        A model, a key or an address that can't be used; the extra `openai` is missing.

    Notes
    -----
    Sources: the linear pool of Stone (1961); Genest & Zidek (1986). Models share their errors, so that many
    that agree are believed no more than one: they order the review, and change no label by themselves.

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> true = np.array(["cat", "dog"])[rng.integers(0, 2, 400)]
    >>> features = np.where(true == "dog", 2, 0)[:, None] + rng.normal(size=(400, 2))
    >>> texts = [f"a {name}" for name in true]
    >>> found = lw.find_label_errors(true, features=features)
    >>> small = {"model": "gpt-4o-mini", "price_in": 0.15, "price_out": 0.6}
    >>> judged = lw.ask_judges(texts, found, [small], rows=20, budget=0)  # asks nothing
    >>> judged.not_asked, judged.cost
    (20, 0.0)
    """
    if not isinstance(findings, LabelErrors) or findings.posterior is None:
        raise InputError(
            "findings have no posterior", where="findings", fix="give what find_label_errors found"
        )
    config = _config(models, rows=rows, budget=budget, instruction=instruction, concurrency=concurrency,
                     timeout=timeout, retries=retries)  # fmt: skip
    held = column(contents, "contents")
    length("contents", len(held), len(findings.labels))
    given = coded(findings.labels, None, findings.classes.tolist()).codes.astype(np.int32)
    chosen = np.argsort(-findings.error_probability, kind="stable")[: config.rows]
    claims = [_claims(findings.posterior[row], int(given[row])) for row in chosen]
    listed, classes = Listed.of(claims, given[chosen]), [str(name) for name in findings.classes]
    panel = panel_of_judges(config, judge_keys(config), seed, "ask_judges")
    where = StoreConfig().root if store is None else str(store)
    with Asking(panel, Store(f"{where}{BESIDE}"), FOLDER) as asking:
        asked = [
            AskedRow(_content(held.iloc[row]), listed.names(place, classes), int(listed.place[place]))
            for place, row in enumerate(chosen)
        ]
        said = asking.rows(asked)
    pooled = hear(said, panel.judge_of_vote, listed, len(classes))
    order = review_order(pooled, chosen.astype(np.uint64))
    order = order[(said[order] >= 0).any(axis=1)]
    return _judgement(findings, given, chosen, order, pooled, asking)


def _judgement(
    findings: LabelErrors, given: NDArray[np.int32], chosen: NDArray[np.int64], order: NDArray[np.int64],
    pooled: Pooled, asking: Asking,
) -> Judgement:  # fmt: skip
    rows, taken = chosen[order], pooled.taken(order)
    named = np.array([*plain(findings.classes), None], object)
    against = (taken.answer >= 0) & (taken.answer != given[rows])
    return Judgement(
        rows=rows,
        labels=findings.labels[rows],
        answers=named[np.where(taken.answer < 0, len(named) - 1, taken.answer)],
        scores=taken.right.astype(np.float32),
        contradicted=against,
        not_asked=asking.out_of_money,
        cost=asking.purse.spent,
        by_judge=asking.findings(),
        pooled=taken,
        given=given[rows],
        findings=findings,
    )


def _config(models: Sequence[Mapping[str, Any]], **bounds: Any) -> JudgesConfig:
    try:
        config = JudgesConfig.model_validate({"models": list(models), **bounds})
    except ValidationError as error:
        key, _, what = first_problem(error)
        raise ConfigError(
            f"{key}: {what.lower()}", where=f"ask_judges({key}=…)", fix="see help(ask_judges)"
        ) from error
    if not config.models:
        raise ConfigError("no judge is named", where="ask_judges(models=…)", fix="name one model at least")
    return config


def _claims(posterior: NDArray[np.float32], given: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    listed = candidates(posterior, given)
    return listed, posterior[listed].astype(np.float64)


def _content(value: Any) -> Content:
    """A text, or an image as the bytes of a file."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if hasattr(value, "save") and hasattr(value, "size"):  # an image of PIL
        sink = io.BytesIO()
        value.save(sink, "PNG")
        return sink.getvalue()
    return None
