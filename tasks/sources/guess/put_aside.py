"""How many rows a run has to put aside, as far as a sample shows it."""

from __future__ import annotations

from math import ceil, sqrt

import pyarrow.compute as pc

from labelworks.schemas.errors import InputError
from labelworks.tasks.sources.guess.features import FeatureGuess
from labelworks.tasks.sources.guess.label import Candidate
from labelworks.tasks.sources.guess.votes import VotesGuess
from labelworks.tasks.sources.profile import Profile

SLACK = 0.01  # of the rows that may be put aside, more than were seen


def put_aside(
    look: Profile, features: FeatureGuess, label: Candidate | None, votes: VotesGuess | None
) -> tuple[float, float]:
    """Shares of the rows that may be put aside, without a label and without features that can be read.

    Raises InputError where no row seen has both.
    """
    missing, broken = unlabelled(look, label, votes), unreadable(look, features)
    if label and features.kind != "columns" and look.formats != ("images",):
        _have_both(look, features, label)
    return allowed(missing, look), allowed(broken, look)


def _have_both(look: Profile, features: FeatureGuess, label: Candidate) -> None:
    held = (pc.is_valid(look.sample[name]) for name in (features.names[0], label.name))
    if look.rows and not pc.any(pc.and_(*held)).as_py():
        tar = "members of one row stand next to each other in a tar: write it in the order of their names"
        raise InputError(
            f"no row of those seen has both {features.names[0]} and {label.name}",
            where=look.source,
            fix=tar if "webdataset" in look.formats else f"name other columns: {look.listed}",
        )


def unlabelled(look: Profile, label: Candidate | None, votes: VotesGuess | None) -> float:
    """Share of the rows that no label is given for; of votes beside features, all but one of an item."""
    if votes is not None:
        return 1 - 1 / votes.per_item if votes.source == look.source else 0.0
    return label.column.nulls / max(look.rows, 1) if label else 0.0


def unreadable(look: Profile, features: FeatureGuess) -> float:
    """Share of the rows whose features can't be encoded, as far as it was seen."""
    columns = [look.column(name) for name in features.names]
    if features.kind == "columns":
        return 0.0
    (column,) = columns
    missing = (
        0.0 if features.kind == "image" and look.formats == ("images",) else column.nulls / max(look.rows, 1)
    )
    return missing + (1 - missing) * (column.blank if features.kind == "text" else features.broken)


def allowed(share: float, look: Profile) -> float:
    """A share of rows that may be put aside: what was seen, what chance adds to it, and a little more."""
    if share <= 0:
        return 0.0
    spread = 0.0 if look.whole else 3 * sqrt(share * (1 - share) / max(look.rows, 1))
    return min(0.99, ceil((share + spread + SLACK) * 100) / 100)
