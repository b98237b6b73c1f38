"""Tags of tokens in a CoNLL file, some of them wrong: find these, publish a version, read it.

    python examples/tags_of_tokens.py [FOLDER]

Writes 600 made sentences into FOLDER (default: a temporary one), in which one in ten has a name of another
type, runs the pipeline on them, and prints the sentences to look at first. Of a file of yours `labelworks
init` writes the same config.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

import labelworks as lw

NAMES = {"person": ["Anna", "Omar", "Kim", "Maria"], "place": ["Rome", "York", "Delhi", "Oslo"]}
BEFORE = {"person": ["mr", "asked", "met"], "place": ["in", "near", "from"]}
FILLERS = ["the", "of", "one", "new", "report", "last", "day", "people", "said", "that"]


def main(folder: Path) -> None:
    """Make the file, run, and show what looks wrong beside what is true."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = write_conll(folder / "names.conll")
    curation = lw.curate(
        folder / "names.conll",
        label="tags",
        tokens="tokens",
        task="tokens",
        treat={"relabel_over": 0.8},
        validate={"publish_when": {"not_worse": 0.01}},
        store=folder / "store",
        progress=False,
    )
    print(f"{curation.summary}\n{curation.report().url}")

    rows = curation.to_pandas().sort_values("quality").to_dict("records")
    first = rows[:50]
    for row in first[:3]:
        print(f"{row['id']}: {' '.join(row['original_label'])}")
        if row["suggestion"] is not None:
            print(f"  perhaps {' '.join(row['suggestion'])}")
    hits = sum(list(row["original_label"]) != truth[row["source_row"]] for row in first)
    print(f"of {len(first)} sentences looked at first {hits} are wrong")
    before, after = (wrong(rows, name, truth) for name in ("original_label", "label"))
    print(f"wrong tags: {before} before, {after} after")


def wrong(rows: list[dict], name: str, truth: list[list[str]]) -> int:
    """How many tags of a column are not the true ones."""
    pairs = ((row[name], truth[row["source_row"]]) for row in rows)
    return sum(tag != true for tags, right in pairs for tag, true in zip(tags, right, strict=True))


def write_conll(path: Path, sentences: int = 600) -> list[list[str]]:
    """Write the sentences, a token and its tag a line; return the true tags."""
    draw, truth, lines = random.Random(0), [], []
    for _ in range(sentences):
        kind = draw.choice(list(NAMES))
        words = [*draw.sample(FILLERS, 3), draw.choice(BEFORE[kind]), *draw.sample(NAMES[kind], 2)]
        words += draw.sample(FILLERS, 2)
        truth.append(["O"] * 4 + [f"B-{kind}", f"I-{kind}"] + ["O"] * 2)
        other = "place" if kind == "person" else "person"
        given = [tag.replace(kind, other) for tag in truth[-1]] if draw.random() < 0.1 else truth[-1]
        lines.append("".join(f"{word}\t{tag}\n" for word, tag in zip(words, given, strict=True)))
    path.write_text("\n".join(lines), encoding="utf-8")
    return truth


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()))
