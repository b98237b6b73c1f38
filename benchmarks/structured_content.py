r"""What is odd about texts, and what rows are worth beside one another; the peer is Datalab (cleanlab 2.9).

    OMP_NUM_THREADS=1 python -m benchmarks.structured_content [texts personal rows]

`texts` and `personal` put issues into made texts, and with LABELWORKS_DATA into real ones. cleanlab is in the
extra `bench`; of texts it looks for none of these issues.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import warnings
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from sklearn.metrics import average_precision_score

import labelworks as lw
from benchmarks.made_languages import SENTENCES
from benchmarks.made_texts import Kind, made
from labelworks.tasks.methods.neighbours.euclidean import nearest
from labelworks.tasks.methods.quality.row_order import row_order
from labelworks.tasks.methods.quality.row_value import knn_shapley

ROWS, SEEDS, SHARE = 3_000, 5, 0.01
TEXT_ISSUES = ("empty", "too-long", "too-short", "mostly-symbols", "other-language")


def main() -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    tables = {"texts": texts, "personal": personal, "rows": rows}
    parser.add_argument("tables", nargs="*", default=list(tables))
    for name in parser.parse_args().tables:
        tables[name]()


def bases() -> dict[str, list[str]]:
    """Texts without issues put in: made ones, and real ones where there are some."""
    found = {"made, 12 words": made(Kind(ROWS, 8, 12), 0)[0], "made, 60 words": made(Kind(ROWS, 8, 60), 1)[0]}
    if folder := os.environ.get("LABELWORKS_DATA"):
        for name in ("banking77", "clinc150"):
            found[name] = pq.read_table(Path(folder) / f"text/{name}.parquet")["text"].to_pylist()
    return found


def with_issues(base: list[str], rng: np.random.Generator) -> tuple[list[str | None], dict[str, set[int]]]:
    """Rows of a base, of each issue 1 in 100 made so; by issue the places of these."""
    held: list[str | None] = [base[place] for place in rng.permutation(len(base))[:ROWS]]
    usual = int(np.median([len(text) for text in base]))
    free = iter(rng.permutation(len(held)).tolist())
    truth: dict[str, set[int]] = defaultdict(set)
    foreign = [text for name, texts in SENTENCES.items() if name != "en" for text in texts]
    for _ in range(round(SHARE * len(held))):
        for issue in TEXT_ISSUES:
            place = next(free)
            truth[issue].add(place)
            held[place] = odd(issue, base, usual, foreign, rng)
    return held, truth


def odd(issue: str, base: list[str], usual: int, foreign: list[str], rng: np.random.Generator) -> str | None:
    """One text with an issue; lengths are beside the usual one, which is long enough not to be an issue."""
    if issue == "empty":
        return [None, "", " \n ", "\u200b\u200b"][rng.integers(4)]
    if issue == "too-long":
        return " ".join(base[place] for place in rng.integers(0, len(base), 40))
    if issue == "too-short":
        return base[rng.integers(len(base))][: max(1, usual // 25)].strip() or "a"
    if issue == "mostly-symbols":
        marks = rng.choice(list("#%&*+-/<=>@[]^_{|}~!?$"), usual)
        return "".join(marks) + base[rng.integers(len(base))][: usual // 4]
    chosen = foreign[rng.integers(len(foreign))]
    while len(chosen) < usual / 2:
        chosen = f"{chosen} {foreign[rng.integers(len(foreign))]}"
    return chosen


def texts() -> None:
    """F1 of every issue against where it was put in; what else is flagged counts against it."""
    print("| texts | " + " | ".join(TEXT_ISSUES) + " |")
    print("|---|" + "---|" * len(TEXT_ISSUES))
    for name, base in bases().items():
        figures = defaultdict(list)
        for seed in range(SEEDS):
            held, truth = with_issues(base, np.random.default_rng(seed))
            flags = lw.find_content_issues(held).flags
            for issue in TEXT_ISSUES:
                figures[issue].append(f1(set(np.flatnonzero(flags[issue])), truth[issue]))
        print(f"| {name} | " + " | ".join(f"{np.mean(figures[issue]):.3f}" for issue in TEXT_ISSUES) + " |")


def personal() -> None:
    """F1 of personal data that was put into texts, beside numbers that are none."""
    print("| texts | e-mail-address | phone-number | card-number |")
    print("|---|---|---|---|")
    for name, base in bases().items():
        figures = defaultdict(list)
        for seed in range(SEEDS):
            held, truth = with_personal(base, np.random.default_rng(seed))
            flags = lw.find_content_issues(held).flags
            for issue, places in truth.items():
                figures[issue].append(f1(set(np.flatnonzero(flags[issue])), places))
        print(f"| {name} | " + " | ".join(f"{np.mean(values):.3f}" for values in figures.values()) + " |")


def with_personal(base: list[str], rng: np.random.Generator) -> tuple[list[str], dict[str, set[int]]]:
    """Rows of which 1 in 100 each holds an address, a telephone or a card number, 3 in 100 other numbers."""
    held = [base[place] for place in rng.permutation(len(base))[:ROWS]]
    free = iter(rng.permutation(len(held)).tolist())
    truth: dict[str, set[int]] = {"e-mail-address": set(), "phone-number": set(), "card-number": set()}

    def digits(count: int) -> str:
        return "".join(map(str, rng.integers(0, 10, count)))

    for number in range(round(SHARE * len(held))):
        phones = (
            f"+{rng.integers(1, 99)} {digits(3)} {digits(7)}",
            f"({rng.integers(200, 999)}) {digits(3)}-{digits(4)}",
            f"0{rng.integers(20, 99)}/{digits(4)} {digits(3)}",
        )
        put = {
            "e-mail-address": f"n{digits(4)}@mail{digits(2)}.example.com",
            "phone-number": phones[number % 3],
            "card-number": card(f"4{digits(14)}", grouped=number % 2 == 0),
        }
        for issue, text in put.items():
            place = next(free)
            truth[issue].add(place)
            held[place] = f"{held[place]} {text}"
        day = f"20{digits(2)}-0{rng.integers(1, 9)}-1{rng.integers(9)}"
        others = (f"order {digits(9)}", f"on {day}", f"£{digits(4)}.99")
        for text in others:
            place = next(free)
            held[place] = f"{held[place]} {text}"
    return held, truth


def card(number: str, *, grouped: bool) -> str:
    """A number with its check digit."""
    for last in range(10):
        turned = [int(digit) for digit in reversed(f"{number}{last}")]
        if (sum(turned[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in turned[1::2])) % 10 == 0:
            whole = f"{number}{last}"
            return " ".join(whole[start : start + 4] for start in range(0, 16, 4)) if grouped else whole
    raise AssertionError("one digit fits")


def rows() -> None:
    """Values and order of rows beside Datalab's on the same features: correlations and verdicts."""
    from cleanlab import Datalab

    warnings.filterwarnings("ignore")
    head = (
        "rows", "order", "value within 10: correlation", "same verdicts", "exact value: correlation",
        "same verdicts", "AP exact", "AP Datalab", "order: correlation", "p ours", "p Datalab", "same",
    )  # fmt: skip
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for name, features, true in feature_sets():
        rng = np.random.default_rng(0)
        given = np.where(rng.random(len(true)) < 0.1, rng.integers(0, true.max() + 1, len(true)), true)
        orders = {
            "random": rng.permutation(len(true)),
            "by class": np.argsort(true, kind="stable"),
            "drifting": np.argsort(features[:, 0] + 2 * features[:, 0].std() * rng.normal(size=len(true))),
        }
        for order, places in orders.items():
            held, labels = features[places], given[places]
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                lab = Datalab({"label": labels}, label_name="label", verbosity=0)
                lab.find_issues(features=held, issue_types={"data_valuation": {}, "non_iid": {}})
            theirs = 2 * lab.get_issues("data_valuation")["data_valuation_score"].to_numpy() - 1
            their_order, their_p = lab.get_issues("non_iid"), lab.get_info("non_iid")["p-value"]
            near, exact = knn_shapley(held, labels, within=10), knn_shapley(held, labels)
            ours = row_order(nearest(held.astype(np.float32), 10)[1])
            wrong = labels != true[places]
            told = (
                f"{np.corrcoef(near, theirs)[0, 1]:.4f}",
                f"{same(near, theirs):.1%}",
                f"{np.corrcoef(exact, theirs)[0, 1]:.3f}",
                f"{same(exact, theirs):.1%}",
                *(f"{average_precision_score(wrong, -value):.3f}" for value in (exact, theirs)),
                f"{np.corrcoef(ours.score, their_order['non_iid_score'])[0, 1]:.4f}",
                f"{ours.p_value:.3f}",
                f"{their_p:.3f}",
                "yes" if (ours.p_value <= 0.05) == (their_p < 0.05) else "no",
            )
            print(f"| {name}, {len(true):,} | {order} | " + " | ".join(told) + " |", flush=True)


def feature_sets() -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Features, of length one so that cosine and Euclidean neighbours are the same, and true classes."""
    found = []
    for number, (count, classes, dims, apart) in enumerate(((2000, 10, 20, 1.0), (1500, 3, 8, 2.0))):
        rng = np.random.default_rng(number)
        true = rng.integers(0, classes, count)
        features = rng.normal(size=(classes, dims))[true] * apart + rng.normal(size=(count, dims))
        found.append((f"made, {classes} classes", features, true))
    if folder := os.environ.get("LABELWORKS_DATA"):
        with np.load(Path(folder) / "shift/letter.npz", allow_pickle=True) as letter:
            names = list(letter.files)
            values = letter[next(name for name in names if name.lower() == "x")].astype(float)
            labels = letter[next(name for name in names if name.lower() == "y")]
        part = np.random.default_rng(0).permutation(len(values))[:3000]
        centred = (values - values.mean(0)) / values.std(0)
        found.append(("letters", centred[part], np.unique(labels[part], return_inverse=True)[1]))
    return [(name, held / np.linalg.norm(held, axis=1, keepdims=True), true) for name, held, true in found]


def same(one: np.ndarray, other: np.ndarray) -> float:
    """Share of rows that both say do harm, or both don't; what is 0 but for rounding does none."""
    return float(np.mean((one < -1e-12) == (other < -1e-12)))


def f1(found: set[int], truth: set[int]) -> float:
    """Harmonic mean of precision and recall."""
    return 2 * len(found & truth) / max(len(found) + len(truth), 1)


if __name__ == "__main__":
    main()
