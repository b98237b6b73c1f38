"""What a run's confusions tell: classes that are given for each other, or one for the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from labelworks.schemas.findings import Class, ConfusedPair
from labelworks.schemas.percentages import percent
from labelworks.tasks.methods.label_space.findings import ClassFinding

BOTH_WAYS = 0.1  # of the rows of each, at least, are given as the other
ONE_WAY = 0.3  # of the rows of one


def by_confusion(counts: Mapping[Class, int], confusions: Iterable[ConfusedPair]) -> Iterator[ClassFinding]:
    """Pairs of classes that are taken for each other so often that they may be one, or one part of the other.

    That is what a run's features and labels say together; whether the classes overlap, or people erred, only
    the rows tell.
    """
    share = {(confusion.true, confusion.given): confusion.probability for confusion in confusions}
    for (true, given), there in share.items():
        back = share.get((given, true), 0.0)
        if true not in counts or given not in counts or (back, str(given)) > (there, str(true)):
            continue
        if min(there, back) >= BOTH_WAYS:
            about = f"{percent(there, 0)} of {true!r} given as {given!r}, {percent(back, 0)} the other way"
        elif there >= ONE_WAY:
            about = f"{percent(there, 0)} of {true!r} given as {given!r}"
        else:
            continue
        pair = sorted((true, given), key=lambda name: (-counts[name], str(name)))
        yield ClassFinding("confused", tuple(pair), tuple(counts[member] for member in pair), about, one=True)
