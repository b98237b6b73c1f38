"""How files' names end, where a config is understood by them too."""

from __future__ import annotations

CONLL_ENDS = ("conll", "conll.txt", "conllu", "iob", "iob2", "bio")
PACKED_ENDS = (".gz", ".bz2", ".xz", ".zst")
