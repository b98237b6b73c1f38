"""Texts in a CSV, some with the wrong label: find these, publish a version, read it.

    python examples/csv_of_texts.py [FOLDER]

Writes a CSV of 600 made texts into FOLDER (default: a temporary one), runs the pipeline on it, and prints the
rows whose label was changed. Of your own CSV, `labelworks init` writes the same config as a file.
"""

from __future__ import annotations

import csv
import random
import sys
import tempfile
from pathlib import Path

import labelworks as lw

WORDS = {
    "refund": ["money", "card", "paid", "charge", "twice", "invoice", "amount", "bank"],
    "delivery": ["parcel", "courier", "late", "address", "door", "tracking", "box", "shipped"],
    "account": ["password", "login", "email", "locked", "profile", "reset", "code", "username"],
}
FILLERS = ["please", "my", "the", "a", "again", "help", "with", "today"]


def main(folder: Path) -> None:
    """Make the CSV, run, and show what was changed beside what is true."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = write_csv(folder / "tickets.csv")
    curation = lw.curate(
        folder / "tickets.csv",
        id="ticket",
        text="body",
        label="topic",
        dataset={"csv": {"delimiter": ";"}},
        store=folder / "store",
        progress=False,
    )
    print(f"{curation.summary}\n{curation.report().url}")

    rows = curation.to_pandas().to_dict("records")
    changed = [row for row in rows if row["action"] == "relabel"]
    for row in changed[:5]:
        print(f"{row['id']}: {row['original_label']} → {row['label']}  (quality {row['quality']:.3f})")
    right = sum(row["label"] == truth[row["id"]] for row in changed)
    print(f"{len(changed)} labels changed, {right} of them to the true one")
    left = sum(row["label"] != truth[row["id"]] for row in rows)
    print(
        f"wrong labels: {sum(row['original_label'] != truth[row['id']] for row in rows)} before, {left} after"
    )


def write_csv(path: Path, rows: int = 600, wrong: float = 0.1) -> dict[str, str]:
    """Write the tickets, a share of them with a wrong topic; return the true topics."""
    draw = random.Random(0)
    truth = {f"T{row:04d}": draw.choice(list(WORDS)) for row in range(rows)}
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(["ticket", "body", "topic"])
        for ticket, topic in truth.items():
            stray = draw.choice(WORDS[draw.choice(list(WORDS))])
            body = " ".join([*draw.sample(WORDS[topic], 2), stray, *draw.sample(FILLERS, 3)])
            others = [word for word in WORDS if word != topic]
            out.writerow([ticket, body, draw.choice(others) if draw.random() < wrong else topic])
    return truth


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()))
