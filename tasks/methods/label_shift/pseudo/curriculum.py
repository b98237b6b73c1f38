"""Pseudo-labels are learnt in rounds: the surest rows of each class come in first, and tell of the others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats, Matrix, sample
from labelworks.tasks.methods.label_shift.posterior_correction import correct
from labelworks.tasks.methods.label_shift.pseudo.claims import (
    Hidden,
    PseudoClaims,
    agreement_chances,
    borne_transition,
    held_out,
)
from labelworks.tasks.methods.label_shift.pseudo.labeller import PseudoLabeller, cuts, known_claims
from labelworks.tasks.methods.label_shift.pseudo.openness import Neighbourhoods, known_shares
from labelworks.tasks.methods.label_shift.pseudo.rows import LabelledWindow, TargetWindow
from labelworks.tasks.methods.label_shift.pseudo.views import UNLABELLED, Bank, Views
from labelworks.tasks.methods.label_shift.result import PriorEstimate

SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)  # of the surest rows of each class that have come in, by round
BANK = 5000  # labelled rows among whom neighbours are sought, and as many of the window
LEAST = 30  # hidden rows, of equal weight, below which nothing is claimed
Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Pupil:
    """Knows labels of a bank of B rows, and learns of the window's in rounds.

    posterior (B, K) at the window's class mix; near (B, 10): neighbours in the bank.
    """

    views: Views
    posterior: Matrix
    near: NDArray[np.int64]

    def evidence(self, rows: Places) -> tuple[Floats, Places]:
        """What speaks for the likeliest classes of rows (n,) of the bank (n, 3), and these (n,)."""
        unit, posterior = self.views.bank.reference.unit[rows], self.posterior[rows]
        return self.views.evidence(posterior, unit, self.near[rows]), posterior.argmax(axis=1)

    def claims(self, rows: Places, by: PseudoClaims, unknown: Floats) -> tuple[Floats, Places]:
        """Claims (n,) of rows of the window, and their likeliest classes (n,)."""
        evidence, best = self.evidence(rows)
        return known_claims(by.of(evidence, best), unknown), best

    def after(self, rows: Places, by: PseudoClaims, unknown: Floats, share: float) -> Pupil:
        """The same when the surest share of each class among rows (n,) has come in, and no others have."""
        claims, best = self.claims(rows, by, unknown)
        labels = np.where(surest(best, claims, share), best, UNLABELLED).astype(np.int32)
        return replace(self, views=self.views.with_labels(rows, labels))


@registry.register(
    "correction",
    "pseudo-labels",
    needs=("labelled", "target", "prior"),
    source="Cascante-Bonilla 2021: percentiles that grow; Zhang 2021: a threshold a class",
)
def fit_pseudo_labels(
    labelled: LabelledWindow, target: TargetWindow, prior: PriorEstimate, *, precision: float = 0.95
) -> PseudoLabeller | None:
    """Learn which rows of an unlabelled window can be labelled so that a share `precision` of them is right.

    A row's class is the likeliest at the window's class mix, `prior`. That it is right is claimed by how sure
    the probes are, how many neighbours agree, and how much nearer its prototype is than others: as the labels
    of labelled rows bear out that were hidden, a fold at a time, and count for as much as their class does in
    the window. In rounds the surest of each class come in, as neighbours and to the prototypes, a fifth more
    of them each time, for as long as hidden labels are foretold better. Each class is then given to as many
    rows as `precision` allows, by its own threshold. None: too few hidden rows to claim anything. A row with
    fewer labelled neighbours than rows of its class have is discounted, as one that may be of no known class.

    Assumes that classes look in the window as they do in the labelled rows (label shift).
    """
    few = labelled.only(sample(len(labelled.features), BANK))
    window = target.only(sample(len(target.features), BANK))
    pupils, classes = _pupils(few, window, prior), len(prior.prior)
    known, window = _known(pupils[None], few, window, prior)
    tries: list[tuple[float, Pupil, PseudoClaims, Hidden, Floats]] = []
    rows = len(few.features) + np.arange(len(window.features))
    for share in (*SHARES, None):
        hidden = _hidden(pupils, few, prior)
        if hidden.effective < LEAST:
            return None
        claims = PseudoClaims.fit(hidden, classes, tries[-1][2] if tries else None)
        claimed = held_out(hidden, classes, claims)
        tries.append((hidden.loss(claimed), pupils[None], claims, hidden, claimed))
        if share is not None:
            pupils = {
                fold: pupil.after(rows, claims, window.unknown, share) for fold, pupil in pupils.items()
            }
    rounds = int(np.argmin([loss for loss, *_ in tries]))
    _, pupil, claims, hidden, claimed = tries[rounds]
    sure, best = pupil.claims(rows, claims, window.unknown)
    cut = cuts(best, sure, precision, classes)
    borne, interval = hidden.only(claimed >= cut[hidden.best]).precision()
    return PseudoLabeller(pupil.views, claims, known, cut, rounds, borne, interval)


def surest(best: Places, claims: Floats, share: float) -> NDArray[np.bool_]:
    """Which of rows (n,) are among the surest share of their class; none whose claim is 0."""
    taken = np.zeros(len(best), np.bool_)
    for code in np.unique(best):
        mine = np.flatnonzero((best == code) & (claims > 0))
        taken[mine[np.argsort(-claims[mine], kind="stable")[: int(np.ceil(share * len(mine)))]]] = True
    return taken


def _pupils(few: LabelledWindow, window: TargetWindow, prior: PriorEstimate) -> dict[int | None, Pupil]:
    """One for each fold who doesn't know its labels, and one who knows all (None)."""
    bank = Bank.of(few.features, window.features)
    near = bank.near(np.concatenate([few.features, window.features]))
    labels, own = few.truth.argmax(axis=1), correct(few.probs, prior).posterior
    every, pupils = np.arange(len(window.features)), dict[int | None, Pupil]()
    nothing = np.full(len(every), UNLABELLED)
    for hidden in (*np.unique(few.folds).tolist(), None):
        unseen = window.folds if hidden is None else np.full(len(every), hidden)
        theirs = correct(window.probs(every, unseen), prior).posterior
        known = labels if hidden is None else np.where(few.folds == hidden, UNLABELLED, labels)
        views = Views.of(bank, np.concatenate([known, nothing]).astype(np.int32), len(prior.prior))
        pupils[hidden] = Pupil(views, np.concatenate([own, theirs]), near)
    return pupils


def _known(
    pupil: Pupil, few: LabelledWindow, window: TargetWindow, prior: PriorEstimate
) -> tuple[Floats, TargetWindow]:
    """P(of a known class) by class and labelled neighbours, and the window with what it says of rows."""
    bank, best = pupil.views.bank, pupil.posterior.argmax(axis=1)
    labelled, mine = bank.among_labelled(pupil.near), slice(bank.labelled, None)
    hidden = Neighbourhoods(best[: bank.labelled], labelled[: bank.labelled], few.truth @ prior.weights)
    theirs = Neighbourhoods(best[mine], labelled[mine], np.ones(len(window.features)))
    known = known_shares(hidden, theirs, len(prior.prior), pupil.near.shape[1] + 1)
    unknown = np.maximum(window.unknown, 1 - known[theirs.best, theirs.labelled])
    return known, replace(window, unknown=unknown)


def _hidden(pupils: dict[int | None, Pupil], few: LabelledWindow, prior: PriorEstimate) -> Hidden:
    """Every labelled row as the pupil sees it who doesn't know its label."""
    transition = borne_transition(few.transition, few.probs, few.given)
    chance, weight = agreement_chances(transition, prior.prior), few.truth @ prior.weights
    parts = []
    for fold, pupil in pupils.items():
        rows = np.flatnonzero(few.folds == fold)
        evidence, best = pupil.evidence(rows)
        agrees = few.given[rows] == best
        parts.append(Hidden(evidence, best, agrees, chance[best], weight[rows], few.folds[rows]))
    return Hidden.joined(parts)
