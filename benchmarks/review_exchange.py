"""A review's files in the hands of Label Studio's and Argilla's own code: does each decision come back?

Run: OMP_NUM_THREADS=1 python benchmarks/review_exchange.py --rows 300 --seed 0 [--label-studio PYTHON]
        [--argilla PYTHON] [--server http://127.0.0.1:8080 --token TOKEN]

The interpreters are those of environments apart from ours: `label-studio-sdk==2.1.2`, `argilla==2.8.0`; the
server is `label-studio==1.23.2`, started with `--user-token TOKEN`, its legacy tokens allowed. Ids and texts
are hostile; answers are drawn: classes, (keep), (unsure), (none), and none at all of a tenth of the rows.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from labelworks.schemas.decisions import RowDecision
from labelworks.schemas.review import LabelKind, ReviewQueue, ReviewRow
from labelworks.tasks.artifacts.decisions.checked import check_answers
from labelworks.tasks.artifacts.shown.rows_by_id import ShownRow
from labelworks.tasks.review.desk.desk import LABEL_TYPES, answer_of
from labelworks.tasks.review.exchange.formats import read_answers, write_queue

CLASSES = ("cat", "=dog()", "<b>owl</b>", "a \"b\" & 'c'", "naïve \u202exof", "card payment; no", "keep")
HOSTILE = (
    "=cmd|' /C calc'!A0", "</script><script>alert(1)</script>", "\u202egnp.exe\u202c \u200f",
    "{{ 7 * 7 }} $shown ${given}", "a\x07b\x1b[31m", "s3://bucket/key", "'; DROP TABLE task; --",
    "long " * 200_000,
)  # fmt: skip
WORDS = ("(keep)", "(unsure)", "(none)")
KINDS: tuple[LabelKind, ...] = ("class", "classes", "number")  # neither tool asks for tags of tokens
ENDS = {
    "label-studio": {"SDK, JSON": "sdk-JSON/result.json", "SDK, JSON-MIN": "sdk-JSON_MIN/result.json"},
    "label-studio-server": {
        "server, JSON": "server-JSON.json", "server, JSON-MIN": "server-JSON_MIN.json",
    },
    "argilla": {"to_json": "argilla.json", "to_list(flatten=True)": "argilla-flat.json"},
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    for name in ("label-studio", "argilla", "server", "token"):
        parser.add_argument(f"--{name}")
    asked = parser.parse_args()
    peers = {"label-studio": (asked.label_studio,), "argilla": (asked.argilla,)}
    if asked.server:
        peers["label-studio-server"] = (asked.label_studio or sys.executable, asked.server, asked.token)
    print("| tool | labels | rows | decisions | came back as made | other, lost or made up |")
    print("|---|---|--:|--:|--:|--:|")
    for kind in KINDS:
        queue, answers = drawn(kind, asked.rows, np.random.default_rng(asked.seed))
        for peer, (python, *given) in peers.items():
            if python:
                for line in round_trip(queue, answers, peer, python, given):
                    print(line, flush=True)


def drawn(kind: LabelKind, count: int, rng: np.random.Generator) -> tuple[ReviewQueue, list[str | None]]:
    """A queue, and what is answered of each row."""
    classes = CLASSES if kind != "classes" else tuple(name for name in CLASSES if ";" not in name)

    def label() -> str:
        if kind == "number":
            return f"{rng.normal():.6g}"
        size = int(rng.integers(1, 4)) if kind == "classes" else 1
        return "; ".join(rng.choice(classes, size, replace=False))

    rows, answers = [], []
    for number in range(count):
        text, given, other = HOSTILE[number % len(HOSTILE)], label(), label()
        rows.append(
            ReviewRow(
                id=f"{number} {text[:40]}", content=int(rng.integers(2**63)) * 2 + 1, partition="p",
                row=number,
                shown=text if number < len(HOSTILE) else text[:200], given=given,
                suggestion=other if other != given and number % 3 else None, probabilities=((other, 0.7),),
                why="audit", sample="strata-1-0", stratum=number % 5, stratum_rows=100, probability=0.01,
            )
        )  # fmt: skip
        say = rng.random()
        answers.append(None if say < 0.1 else str(rng.choice(WORDS)) if say < 0.4 else label())
    return ReviewQueue(dataset="made", run="r1", label=kind, classes=() if kind == "number" else classes,
                       kind="text", rows=tuple(rows)), answers  # fmt: skip


def round_trip(
    queue: ReviewQueue, answers: list[str | None], peer: str, python: str, given: list[str]
) -> list[str]:
    """A line for each export of a peer."""
    known = {row.id: ShownRow(row.content, row.given, row.suggestion) for row in queue.rows}
    made = {(row.id, answer) for row, answer in zip(queue.rows, answers, strict=True) if answer}
    with tempfile.TemporaryDirectory() as folder:
        write_queue(queue, f"{folder}/a.argilla" if peer == "argilla" else f"{folder}/a.json", {})
        Path(folder, "answers.json").write_text(json.dumps({"kind": queue.label, "answers": answers}))
        script = str(Path(__file__).with_name("review_exchange_peers.py"))
        done = subprocess.run([python, "-W", "ignore", script, peer, folder, *given], check=False, text=True,
                              stdout=subprocess.PIPE)  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{peer} failed")
        print(f"{peer}, {queue.label}: {done.stdout.strip()}", file=sys.stderr)
        lines = []
        for name, file in ENDS[peer].items():
            found = check_answers(
                read_answers(f"{folder}/{file}", "nobody"), known, dataset="made", classes=queue.classes,
                label_type=LABEL_TYPES[queue.label],
            )  # fmt: skip
            back = {(each.id, answer_of(each)) for each in found.taken if as_shown(each, queue)}
            lost = len(made - back) + len(back - made) + len(found.aside) + len(found.taken) - len(back)
            lines.append(
                f"| {peer.split('-server')[0]} {name} | {queue.label} | {len(queue.rows)} | {len(made)} "
                f"| {len(made & back)} | {lost} |"
            )
    return lines


def as_shown(decision: RowDecision, queue: ReviewQueue) -> bool:
    """Whether a decision says of its row what it was shown with."""
    row = queue.rows[int(decision.id.split()[0])]
    names = ("content", "given", "suggestion", "why", "sample", "stratum", "stratum_rows", "probability")
    return decision.run == queue.run and all(getattr(row, name) == getattr(decision, name) for name in names)


if __name__ == "__main__":
    main()
