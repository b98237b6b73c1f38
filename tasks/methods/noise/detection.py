"""`detect`: one call over arrays or memory maps, on any registered method, block by block."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import class_numbers, evenly
from labelworks.tasks.methods.chosen import Chosen
from labelworks.tasks.methods.level import Level
from labelworks.tasks.methods.neighbours.cosine import credibility, nearest
from labelworks.tasks.methods.noise.core.claims.audit import audited_result
from labelworks.tasks.methods.noise.core.claims.claim_calibration import ClaimRows
from labelworks.tasks.methods.noise.core.claims.claim_judge import ClaimJudge
from labelworks.tasks.methods.noise.core.result import NoiseResult, completed, joined
from labelworks.tasks.methods.noise.core.second_view import vote_of
from labelworks.tasks.methods.protocols.noise import HearsVote, JudgesChecked, NoiseModel, PlacesCut

PEEKED = 1000  # rows by which the unit of features is told
SMALL, LARGE = 2.0**-40, 2.0**40  # units whose squares are numbers like others
BLOCK = 1 << 17  # probabilities a block: what stays in a core's cache
WINDOW = 1 << 23  # probabilities mapped at once
CHECKED = 1 << 21  # probabilities of the rows by which claims are checked


def detect(
    labels: ArrayLike,
    pred_probs: Any,
    *,
    features: Any = None,
    neighbours: Any = None,
    neighbour_vote: NDArray[np.int32] | None = None,
    votes: Any = None,
    audited: tuple[ArrayLike, ArrayLike] | None = None,
    method: str = "auto",
    posterior: bool = False,
    **options: Any,
) -> NoiseResult:
    """Find the wrong labels of a dataset.

    labels: (N,) class numbers in [0, K). pred_probs: (N, K), out-of-sample, rows sum to 1; a memory map is
    read in blocks and never held. features: (N, D), neighbours: (N, k) row numbers of the nearest rows, not
    of the row itself, votes: (N, K) the posterior that annotators' votes give (`crowd.aggregate`), for
    methods that need them (neighbours are found from features where not given) and for auto, which with
    features or neighbours is `auto-neighbours`. neighbour_vote: (N,) the commonest label of the nearest
    rows, -1 where it isn't known, which auto without these hears of some rows, as a run does. audited:
    numbers of rows that a person looked at (n,), some at random and some of the likeliest, and whether the
    label of each is right (n,): they settle error probabilities, rate and flags. posterior: also return
    P(true | x, given), (N, K).
    options: of the method.

    Raises InputError for bad rows and shapes that don't fit, ConfigError for an unknown method or option,
    for what a method needs and isn't given, and for neighbours given to one that compares rows by itself.
    """
    given = class_numbers(labels)
    if np.ndim(pred_probs) != 2 or given.shape != np.shape(pred_probs)[:1]:
        raise InputError(f"labels {given.shape} and pred_probs {np.shape(pred_probs)} don't fit each other")
    if not given.size:
        raise InputError("no rows", fix="give at least one row")
    chosen = registry.get("noise", method)
    _check_shapes(len(given), np.shape(pred_probs)[1], features, neighbours, votes)
    if not (features is None and neighbours is None):
        chosen = registry.get("noise", vars(chosen.target).get("with_neighbours", chosen.name))
    beside = _beside(chosen, given, features, neighbours, votes)
    model = make(chosen.name, options)
    for rows, probs in _blocks(pred_probs):
        seen = {name: array(rows) for name, array in beside.items()}
        if neighbour_vote is not None and hears(model):
            seen["neighbour_vote"] = neighbour_vote[rows]
        model.update(given[rows], probs, **seen)
    model.finish()
    claims = _claims(model, given, pred_probs, beside) if posterior and audited is None else None
    parts = []
    for rows, probs in _blocks(pred_probs):
        seen = {name: array(rows) for name, array in beside.items()}
        part = _judged(model, given[rows], probs, seen, posterior or audited is not None)
        if claims is not None:
            near = seen.get("neighbour_labels")
            vote = None if near is None else vote_of(near, probs)
            part = claims(part, given[rows].astype(np.int32), np.asarray(probs, np.float32), vote)
        parts.append(part)
    whole = joined(parts)
    if audited is not None:
        whole = audited_result(whole, given, *audited, getattr(model, "target", ("max_f1", 0.0)))
        return whole if posterior else replace(whole, posterior=None)
    return replace(whole, flag=model.flags(whole)) if isinstance(model, PlacesCut) else whole


def hears(model: NoiseModel) -> bool:
    """Whether a method fits better where it is told the commonest label of the nearest rows."""
    return isinstance(model, HearsVote) and model.hears_vote


def make(method: str, options: dict[str, Any]) -> NoiseModel:
    """Return a fresh model of a registered method, to be fed in parts.

    options: by name, such as {"target": {"budget": 500}}. Raises ConfigError for those it doesn't have.
    """
    model: NoiseModel = registry.make("noise", Chosen(method, options))
    return model


def _claims(
    model: NoiseModel, given: NDArray[Any], pred_probs: Any, beside: dict[str, Callable[[slice], Any]]
) -> ClaimJudge | None:
    """How far claims hold, by a sample of the rows; None where people's votes bear them out."""
    if "votes" in beside:
        return None
    count, classes = np.shape(pred_probs)
    some = evenly(count, max(CHECKED // classes, 1))
    labels, probs = given[some].astype(np.int32), np.asarray(pred_probs[some], np.float32)
    seen = {name: array(some) for name, array in beside.items()}
    near = seen.get("neighbour_labels")

    def score(flipped: NDArray[np.int32]) -> NoiseResult:
        return _judged(model, flipped, probs, seen, True)

    return ClaimJudge.fit(score, ClaimRows(labels, probs, None if near is None else vote_of(near, probs)))


def _judged(
    model: NoiseModel, given: NDArray[Any], probs: Any, beside: dict[str, Any], posterior: bool
) -> NoiseResult:
    """Judge rows that were checked by update, and so not again where the method can leave that out."""
    if isinstance(model, JudgesChecked):
        checked = given.astype(np.int32), np.asarray(probs, np.float32)
        judged = model.judge(*checked, posterior=posterior, **beside)
    else:
        judged = model.score(given, probs, **beside)
    return completed(judged, given, probs) if posterior else replace(judged, posterior=None)


def _beside(
    method: registry.Method, given: NDArray[Any], features: Any, neighbours: Any, votes: Any
) -> dict[str, Callable[[slice], Any]]:
    """What a method sees of each block besides labels and probabilities."""
    beside: dict[str, Callable[[slice], Any]] = {}
    scaled = _scale(features)
    if "features" in method.needs:
        _require(features, "features", method.name)
        beside["features"] = lambda rows: scaled(features[rows])
    if "votes" in method.needs:
        _require(votes, "votes", method.name)
        beside["votes"] = lambda rows: votes[rows]
    if getattr(method.target, "chooses_rows", False) and neighbours is not None:
        raise ConfigError(
            f"{method.name} compares rows by their features and can't use neighbours",
            where="detect",
            fix="leave neighbours= out, or take neighbour-consistency or label_propagation.propagate",
        )
    if "neighbours" in method.needs:
        if neighbours is None and features is not None:
            neighbours = nearest(scaled(np.asarray(features, np.float32)))
        _require(neighbours, "neighbours", method.name)
        _refuse_selves(np.asarray(neighbours))
        beside["neighbour_labels"] = lambda rows: given[np.asarray(neighbours[rows])]
        if "neighbour_weights" in method.needs:
            weights = credibility(given, given[np.asarray(neighbours)])
            beside["neighbour_weights"] = lambda rows: weights[np.asarray(neighbours[rows])]
    return beside


def _scale(features: Any) -> Callable[[Any], Any]:
    """What brings features whose squares single precision can't hold into a unit of theirs; others stay."""
    peeked = None if features is None else np.asarray(features[:: max(len(features) // PEEKED, 1)])
    if peeked is None or peeked.dtype.kind != "f" or SMALL <= (unit := Level.fit(peeked).unit) <= LARGE:
        return lambda rows: rows
    return lambda rows: np.asarray(rows, np.float32) * np.float32(1 / unit)


def _require(array: Any, name: str, method: str) -> None:
    if array is None:
        raise ConfigError(f"{method} needs {name}", where="detect", fix=f"give {name}= or another method")


def _check_shapes(rows: int, classes: int, features: Any, neighbours: Any, votes: Any) -> None:
    """Raise InputError where an array was given, needed or not, that doesn't fit the labels."""
    for name, array in (("features", features), ("neighbours", neighbours), ("votes", votes)):
        shape = np.shape(array) if array is not None else (rows, classes)
        if len(shape) != 2 or shape[0] != rows or (name == "votes" and shape[1] != classes):
            wanted = {"features": "D", "neighbours": "k", "votes": classes}[name]
            raise InputError(
                f"{name} has the shape {shape}", where="detect", fix=f"give one of ({rows}, {wanted})"
            )
    if neighbours is not None:
        _check_places(np.asarray(neighbours), rows)


def _check_places(neighbours: NDArray[Any], rows: int) -> None:
    """Raise InputError where neighbours (N, k) are no row numbers."""
    if neighbours.dtype.kind not in "iu":
        raise InputError(f"neighbours are {neighbours.dtype}", where="detect", fix="give row numbers")
    bad = ((neighbours < 0) | (neighbours >= rows)).any(axis=1)
    if bad.any():
        raise InputError(f"neighbours are no row numbers in [0, {rows})", where=f"row {int(bad.argmax())}")


def _refuse_selves(neighbours: NDArray[np.integer]) -> None:
    own = (neighbours == np.arange(len(neighbours))[:, None]).any(axis=1)
    if own.any():
        raise InputError(
            "a row is among its own neighbours",
            where=f"row {int(own.argmax())}",
            fix="leave it out: it agrees with its label whatever that is",
        )


def _blocks(pred_probs: Any) -> Iterator[tuple[slice, Any]]:
    """Yield slices of rows and their probabilities."""
    _, classes = np.shape(pred_probs)
    step = max(BLOCK // classes, 1)
    for start, window in _windows(pred_probs, max(WINDOW // (step * classes), 1) * step):
        for first in range(0, len(window), step):
            block = window[first : first + step]
            yield slice(start + first, start + first + len(block)), block


def _windows(pred_probs: Any, step: int) -> Iterator[tuple[int, Any]]:
    """Yield first rows and windows of rows; of a memory map each window is mapped by itself.

    Pages of one large map count as held until it is closed, so a whole pass would hold the whole file.
    """
    rows, classes = np.shape(pred_probs)
    mapped = (
        isinstance(pred_probs, np.memmap)
        and isinstance(pred_probs.base, mmap.mmap)
        and pred_probs.flags.c_contiguous
        and pred_probs.filename is not None
    )
    for start in range(0, rows, step):
        stop = min(start + step, rows)
        if mapped:
            offset = pred_probs.offset + start * pred_probs.strides[0]
            shape = (stop - start, classes)
            window = np.memmap(pred_probs.filename, pred_probs.dtype, "r", offset, shape)
            yield start, window.view(np.ndarray)
        else:
            yield start, pred_probs[start:stop]
