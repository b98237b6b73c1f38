"""The kinds of labels that a run reads, by their names: what a row says where that is no known class."""

from __future__ import annotations

OF_SETS = ("single", "candidates", "complementary", "single-positive")  # those that name classes
SOFT, BAGS = "soft", "bags"
OF_SHARES = (SOFT, BAGS)  # those that have a number for each class
NOTHING = "none"  # of a row without a label
IN_RUNS = (*OF_SETS, *OF_SHARES, NOTHING)
