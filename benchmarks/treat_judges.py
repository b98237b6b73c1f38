"""Judges that order the review: 14 models' answers to exam questions, replayed by a service; made judges.

Run: LABELWORKS_DATA=… OMP_NUM_THREADS=1 python benchmarks/treat_judges.py [orders cascade …]
No model is asked: a service on loopback answers for each model what it answered when the data were made.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[1]))
import labelworks as lw
from labelworks.flows.notebook.votes import VotedLabels
from labelworks.tasks.methods.judges.chat import Judge
from labelworks.tasks.methods.judges.heard import UNLOOKED, Listed, hear, trust
from labelworks.tasks.methods.judges.panel import Panel
from labelworks.tasks.methods.judges.pool import UNREAD, Pooled, review_order
from labelworks.tasks.methods.judges.spending import Price
from labelworks.tasks.methods.noise import detect
from labelworks.tasks.methods.statistics.folds import hash_ids
from labelworks.tasks.storage.store import Store
from labelworks.tasks.treat.judging.ask_judges import AskedRow, Asking
from tests.support import completions
from tests.support.judges import made_judges, share_found

LETTERS = ("A", "B", "C", "D")
LOOKS = 285  # a twentieth
DOUBT = 0.05  # P(wrong) of every given answer before anybody is asked
TIES = 200  # orders of chance among rows alike
CHEAP = ("qwen_qwen2-72b", "meta_llama-3.1-70b", "mistralai_mistral-large")
DEAR = ("anthropic_claude-3-5-sonnet", "openai_gpt-4o", "google_gemini-1.5-pro-001")
Rows = Iterator[list[str]]


@dataclass(frozen=True)
class Exam:
    """Questions (N,): the given answer, the right one by experts; which are wrong, which right; 14 answers.

    Neither: questions that the experts find unclear, or with several right answers, or none.
    """

    texts: list[str]
    given: np.ndarray
    right: np.ndarray
    wrong: np.ndarray
    sound: np.ndarray
    models: tuple[str, ...]
    answers: np.ndarray

    def of(self, *names: str) -> list[int]:
        """Columns of models, by the beginnings of their names."""
        return [next(j for j, model in enumerate(self.models) if model.startswith(name)) for name in names]


@cache
def exam() -> Exam:
    folder = Path(os.environ["LABELWORKS_DATA"]) / "mmlu_redux"
    said = pq.read_table(folder / "questions_llm_votes.parquet").to_pandas()
    experts = pq.read_table(folder / "mmlu_redux_annotations.parquet").to_pandas()
    given = said["groundtruth_answer"].to_numpy()
    assert (experts["answer"].to_numpy() == given).all()  # the same rows in the same order
    right = np.array([_letter(each) for each in experts["correct_answer"]])
    wrong = (said["error_type"] == "wrong_groundtruth").to_numpy() & (right >= 0) & (right != given)
    sound = (said["error_type"] == "ok").to_numpy()
    models = tuple(said.columns[4:])
    places = {letter: place for place, letter in enumerate(LETTERS)}
    answers = np.stack([[places.get(each, UNREAD) for each in said[model]] for model in models], axis=1)
    texts = [f"{q}\n{c}" for q, c in zip(said["question"], said["choices"], strict=True)]
    return Exam(texts, given, np.where(wrong, right, given), wrong, sound, models, answers)


def _letter(said: object) -> int:
    text = str(said).strip().removesuffix(".0")
    return LETTERS.index(text) if text in LETTERS else int(text) if text in ("0", "1", "2", "3") else -1


def unknown(given: np.ndarray) -> Listed:
    """All classes of each row, and nothing known but that a given answer is mostly right."""
    posterior = np.full((len(given), len(LETTERS)), DOUBT / (len(LETTERS) - 1))
    posterior[np.arange(len(given)), given] = 1 - DOUBT
    return Listed(np.tile(np.arange(len(LETTERS)), (len(given), 1)), posterior, given)


def found(right: np.ndarray, sure: np.ndarray | None = None) -> str:
    """Wrong answers among the first looks, and the mean over orders of chance of rows alike."""
    wrong, second = exam().wrong, np.zeros(len(right)) if sure is None else -sure
    rng = np.random.default_rng(0)
    by_chance = [
        wrong[np.lexsort((rng.random(len(right)), second, np.round(right, 9)))[:LOOKS]].sum()
        for _ in range(TIES)
    ]
    return f"{np.mean(by_chance):.1f} ({min(by_chance)} to {max(by_chance)})"


def orders() -> Rows:
    """All 14 models' answers at once: wrong answers found in 285 looks, of 101."""
    data = exam()
    given, answers = data.given, data.answers
    shares = np.stack([(answers == place).sum(axis=1) for place in range(4)], axis=1) + 0.1
    shares = (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
    own = np.arange(len(given))
    yield ["order", "found"]
    yield ["how many of the 14 say something else", found((answers == given[:, None]).mean(axis=1))]
    another = np.where(np.arange(4) == given[:, None], 0, shares).max(axis=1)
    yield ["the most frequent other answer over the given one", found(shares[own, given] - another)]
    yield ["Dawid-Skene, the given answer as one more", found(dawid_skene(data).posterior[own, given])]
    for method in ("auto", "noise-transition"):
        yield [f"posterior of `{method}`, shares as `pred_probs`",
               found(1 - detect(given, shares, method=method, seed=0).error_probability)]  # fmt: skip
    pooled = hear(answers.astype(np.int32), np.arange(14), unknown(given), 4)
    yield ["**judges, a linear pool**", found(pooled.right, pooled.sure)]
    yield ["judges, multiplied as if independent", found(multiplied(answers, given))]


def dawid_skene(data: Exam) -> VotedLabels:
    """The 14 models and the given answer as annotators."""
    voters = np.hstack([data.answers, data.given[:, None]])
    table = np.where(voters < 0, None, np.array(LETTERS, object)[np.maximum(voters, 0)])
    return lw.aggregate_votes(table, method="dawid-skene", classes=LETTERS)


def multiplied(answers: np.ndarray, given: np.ndarray, accuracy: float = 0.8) -> np.ndarray:
    """P(the given answer is right) where judges err each for itself."""
    listed = unknown(given)
    said = answers[:, :, None] == np.arange(4)
    logits = np.log(listed.posterior) + np.where(
        answers[:, :, None] < 0, 0.0, np.where(said, np.log(accuracy), np.log((1 - accuracy) / 3))
    ).sum(axis=1)
    belief = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray((belief / belief.sum(axis=1, keepdims=True))[np.arange(len(given)), given])


def replayed(columns: list[int], folder: str) -> tuple[np.ndarray, Asking, float]:
    """Answers of some models, asked one after the other of a service that replays them."""
    data = exam()

    def says(asked: completions.Asked) -> str:
        row, place = int(asked.shown.split("\n")[0]), data.models.index(asked.model)
        answer = data.answers[row, place]
        return LETTERS[answer] if answer >= 0 else "I can't tell."

    began = time.monotonic()
    with completions.Completions(says) as service:
        judges = tuple(Judge(data.models[column], service.url, Price(1.0, 1.0)) for column in columns)
        panel = Panel(judges, budget=1e9, concurrency=8)
        rows = [
            AskedRow(f"{row}\n{text}", LETTERS, int(data.given[row])) for row, text in enumerate(data.texts)
        ]
        with Asking(panel, Store(folder), "judges") as asking:
            return asking.rows(rows), asking, time.monotonic() - began


def heard(columns: list[int], answers: np.ndarray) -> Pooled:
    return hear(answers, np.arange(len(columns)), unknown(exam().given), len(LETTERS))


def cascades() -> dict[str, list[int]]:
    data = exam()
    others = [each for each in range(14) if each not in data.of(*CHEAP)]
    return {
        "two: a cheap one, then a dear one": data.of(CHEAP[0], DEAR[0]),
        "six: three cheap ones, then three dear ones": data.of(*CHEAP, *DEAR),
        "fourteen": [*data.of(*CHEAP), *others],
    }


def cascade() -> Rows:
    """Cascades through a service: a judge is asked where one before it doubts the given answer."""
    yield ["judges", "questions", "found in 285 looks", "in the product's own order", "seconds"]
    data = exam()
    ties = hash_ids_of(len(data.given))
    for name, columns in cascades().items():
        with tempfile.TemporaryDirectory() as folder:
            answers, asking, seconds = replayed(columns, folder)
        pooled = heard(columns, answers)
        order = review_order(pooled, ties)[:LOOKS]
        asked = sum(each.answers for each in asking.findings())
        yield [name, f"{asked:,} of {14 * len(data.given):,}", found(pooled.right, pooled.sure),
               str(data.wrong[order].sum()), f"{seconds:.0f}"]  # fmt: skip


def hash_ids_of(rows: int) -> np.ndarray:
    import pyarrow as pa

    return hash_ids(pa.array([f"row-{row}" for row in range(rows)]))


def audited() -> Rows:
    """What judges (all 14) may change once the first 285 rows were looked at, by the experts' answers."""
    yield ["audited", "contradicted", "right there", "labels changed", "mended", "broken"]
    data = exam()
    pooled = heard(list(range(14)), data.answers.astype(np.int32))
    order = review_order(pooled, hash_ids_of(len(data.given)))
    for looks in (0, LOOKS, 4 * LOOKS):
        looked = np.full(len(data.given), UNLOOKED)
        looked[order[:looks]] = data.right[order[:looks]]
        shown, trusted = trust(pooled, data.given, looked, len(LETTERS), 0.9)
        answer = pooled.answer[trusted]
        yield [str(looks), f"{shown.audited:,}", str(shown.right), str(trusted.sum()),
               str((answer == data.right[trusted]).sum()),
               str(data.sound[trusted].sum())]  # fmt: skip
    crowd = dawid_skene(data)
    likeliest, sure = crowd.posterior.argmax(axis=1), crowd.posterior.max(axis=1)
    for name, answer, claimed in (
        ("(every contradiction taken for right)", pooled.answer, 0.0),
        ("(Dawid-Skene, the given answer as one more)", likeliest, 0.0),
        ("(the same, where it claims .99)", likeliest, 0.99),
    ):
        changed = (answer >= 0) & (answer < 4) & (answer != data.given) & (sure >= claimed)
        yield [name, "", "", str(changed.sum()), str((changed & data.wrong & (answer == data.right)).sum()),
               str((changed & data.sound).sum())]  # fmt: skip


def made() -> Rows:
    """Made judges, five of accuracy .7 or .9: the share of wrong labels found in a twentieth of the looks."""
    yield ["accuracy", "errors shared", "posterior alone", "votes alone", "pooled", "multiplied"]
    for accuracy in (0.7, 0.9):
        for shared in (0.0, 0.4, 0.8):
            shares = []
            for seed in range(10):
                rows = made_judges(seed, accuracy=accuracy, shared=shared, signal=2.6)
                listed = Listed(np.tile(np.arange(10), (len(rows.given), 1)), rows.posterior, rows.given)
                pooled = hear(rows.answers.astype(np.int32), np.arange(5), listed, 10)
                said = rows.answers[:, :, None] == np.arange(10)
                each = np.log(np.where(said, accuracy, (1 - accuracy) / 9)).sum(axis=1)
                belief = rows.posterior * np.exp(each - each.max(axis=1, keepdims=True))
                alone = belief[np.arange(len(belief)), rows.given] / belief.sum(axis=1)
                votes = (rows.answers == rows.given[:, None]).mean(axis=1)
                shares.append([share_found(rows, each) for each in (rows.own, votes, pooled.right, alone)])
            yield [f"{accuracy}", f"{shared}", *(f"{each:.2f}" for each in np.mean(shares, axis=0))]


def promise() -> Rows:
    """Audited rows at random among those that made judges contradict: what changes, how often it is right."""
    yield ["accuracy", "errors shared", "audited", "runs that change labels", "labels changed, mean",
           "right of all changed", "runs under .9"]  # fmt: skip
    for accuracy, shared in ((0.7, 0.4), (0.9, 0.4), (0.9, 0.8), (0.97, 0.4)):
        for audits in (50, 100):
            changed, right = np.array([_promised(seed, accuracy, shared, audits) for seed in range(100)]).T
            some = changed > 0
            under = int((right[some] < 0.9 * changed[some]).sum())
            share = f"{right.sum() / changed.sum():.3f}" if some.any() else ""
            yield [f"{accuracy}", f"{shared}", str(audits), f"{some.sum()} of 100",
                   f"{changed.mean():.0f}", share, str(under)]  # fmt: skip


def _promised(seed: int, accuracy: float, shared: float, audits: int) -> tuple[int, int]:
    """How many labels change at a precision of .9, and how many of these are right."""
    rows = made_judges(seed, accuracy=accuracy, shared=shared, signal=2.6)
    count = len(rows.given)
    listed = Listed(np.tile(np.arange(10), (count, 1)), rows.posterior, rows.given)
    pooled = hear(rows.answers.astype(np.int32), np.arange(5), listed, 10)
    against = np.flatnonzero((pooled.answer != rows.given) & (pooled.answer < 10))
    looked = np.full(count, UNLOOKED)
    some = np.random.default_rng(seed).choice(against, min(audits, len(against)), replace=False)
    looked[some] = rows.true[some]
    _, trusted = trust(pooled, rows.given, looked, 10, 0.9)
    trusted[some] = False  # what people said is no merit of the judges
    return int(trusted.sum()), int((pooled.answer == rows.true)[trusted].sum())


def main() -> None:
    for name in sys.argv[1:] or ("orders", "cascade", "audited", "made", "promise"):
        table = globals()[name]
        print(f"\n### {name}\n{table.__doc__}\n", flush=True)
        for number, row in enumerate(table()):
            print(f"| {' | '.join(row)} |", flush=True)
            if number == 0:
                print("|---" * len(row) + "|")


if __name__ == "__main__":
    main()
