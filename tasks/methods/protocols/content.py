"""What a method that looks for a content issue must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from labelworks.tasks.methods.content.rows import ContentRows


class ContentMethod(Protocol):
    """Tells of each row whether its content has an issue, beside what is usual in the dataset.

    One is made for each dataset and fitted once; it is pickled to those who judge partitions.
    """

    def fit(self, sample: ContentRows, /) -> None:
        """Learn from some rows of the dataset what is usual; of images the sample has properties alone."""

    def judge(self, rows: ContentRows, /) -> NDArray[np.floating]:
        """Score the rows (N,) in [0, 1]: below 0.5 has the issue, 1 is surely fine, NaN can't be told.

        Of images there are the properties alone where these were measured before, unless the class says
        `reads_images = True`.
        """
