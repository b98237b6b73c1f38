"""Which unlabelled rows have come in: the surest of each class, a share that grows from round to round."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]
Judged = Iterator[tuple[Rows, NDArray[np.float32]]]
SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)  # by round


def surest(judged: Callable[[], Judged], share: float) -> Judged:
    """Of judged rows, blocks of (n,) and their posteriors (n, K), the surest share of those of each class.

    The threshold is each class's own percentile of confidence, so that easy classes don't crowd out others.
    judged is called twice: memory is that of a block and two numbers a row. Sources: Cascante-Bonilla et
    al. 2021, percentiles that grow; Zhang et al. 2021 (FlexMatch), a threshold a class.
    """
    found = [(posterior.argmax(axis=1).astype(np.int32), posterior.max(axis=1)) for _, posterior in judged()]
    best, sure = (np.concatenate(each) for each in zip(*found, strict=True))
    classes = int(best.max()) + 1
    least = np.zeros(classes, np.float32)
    for each in np.unique(best):
        mine = np.sort(sure[best == each])[::-1]
        least[each] = mine[int(np.ceil(share * len(mine))) - 1]
    for rows, posterior in judged():
        of, confidence = posterior.argmax(axis=1), posterior.max(axis=1)
        taken = confidence >= least[of]
        yield rows[taken], posterior[taken]
