"""Tags of tokens with wrong spans: sentences and suggestions, beside cleanlab on the same probabilities.

`python benchmarks/structured_tokens.py [--conll FILE …] [--sentences 1500] [--seeds 2]`: made sentences, and
those of FILE in CoNLL form, the token first and the tag last, such as wikigold.conll.txt or wnut17train.conll
(both CC-BY 4.0). 5 to 20 % of the spans are made wrong: a boundary is moved, the type is another, the span is
missing, or one is added where there is none. Probabilities are of a logistic regression on hashed features of
a token and its neighbours, fitted on the wrong tags, out of sample by sentence. Beside each other: cleanlab's
token scores, least of a sentence, and the likeliest tag; what `detect_tokens` gives.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np
from sklearn.feature_extraction import FeatureHasher
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, precision_recall_curve

from labelworks.tasks.methods.tokens.detect import detect_tokens
from labelworks.tasks.methods.tokens.sentences import offsets_of
from labelworks.tasks.methods.tokens.spans import Spans, mended, spans_of, tags_of
from labelworks.tasks.methods.tokens.tag_set import TagSet

NAMES = {
    "person": ["anna", "li", "omar", "jones", "maria", "paris", "jordan", "washington", "kim", "stone"],
    "place": ["paris", "jordan", "washington", "rome", "lake", "new", "york", "south", "hill", "stone"],
    "firm": ["stone", "jones", "lake", "works", "partners", "new", "systems", "hill", "bank", "rome"],
}
AROUND = {
    "person": ["{} said that", "asked {} about", "mr {} came to", "we met {} in"],
    "place": ["in {} there is", "went to {} by", "near {} they saw", "we met at {} in"],
    "firm": ["shares of {} fell", "{} said that", "hired by {} about", "asked {} about"],
}
FILL = "the a of and one new report on its last day with some help from people who know time year"
Sentences = list[list[tuple[str, str]]]


def made(count: int, rng: np.random.Generator) -> Sentences:
    """Sentences of words that are names of several types, or none."""
    found = []
    for _ in range(count):
        sentence: list[tuple[str, str]] = []
        for _ in range(rng.integers(0, 4)):
            sentence += [(word, "O") for word in rng.choice(FILL.split(), rng.integers(1, 6))]
            kind = str(rng.choice(list(NAMES)))
            left, right = str(rng.choice(AROUND[kind])).split("{}")
            name = rng.choice(NAMES[kind], rng.integers(1, 4))
            sentence += [(word, "O") for word in left.split()]
            sentence += [(str(word), f"{'I' if at else 'B'}-{kind}") for at, word in enumerate(name)]
            sentence += [(word, "O") for word in right.split()]
        sentence += [(word, "O") for word in rng.choice(FILL.split(), rng.integers(1, 6))]
        found.append(sentence)
    return found


def read_conll(path: Path) -> Sentences:
    blocks = re.split(r"\n\s*\n", path.read_text(encoding="utf-8"))
    rows = [[line.split() for line in block.splitlines() if line.strip()] for block in blocks]
    found = [[(parts[0], parts[-1]) for parts in block if len(parts) > 1] for block in rows]
    return [sentence for sentence in found if sentence and sentence[0][0] != "-DOCSTART-"]


def coded(sentences: Sentences) -> tuple[TagSet, np.ndarray, np.ndarray]:
    """The tags there are, the offsets (S + 1,) of the sentences, and the true tags (N,), mended."""
    tags = TagSet.complete(sorted({tag for sentence in sentences for _, tag in sentence}), "bio")
    offsets = offsets_of(np.array([len(each) for each in sentences]))
    codes = [tags.names.index(tag) for sentence in sentences for _, tag in sentence]
    return tags, offsets, mended(np.array(codes, np.int32), offsets, tags)


def spoilt(
    true: np.ndarray, offsets: np.ndarray, tags: TagSet, share: float, rng: np.random.Generator
) -> np.ndarray:
    """Tags (N,) with a share of the spans wrong, a quarter each by boundary, type, missing and added."""
    spans = spans_of(true, offsets, tags)
    start, end, kind = spans.start.copy(), spans.end.copy(), spans.kind.copy()
    sentence = np.searchsorted(offsets, start, side="right") - 1
    low, high = offsets[sentence], offsets[sentence + 1]
    low, high = np.maximum(low, np.r_[0, end[:-1]]), np.minimum(high, np.r_[start[1:], len(true)])
    keep, added = np.ones(len(start), bool), []
    taken = true != tags.names.index("O")
    for at in np.flatnonzero(rng.random(len(start)) < share):
        how = rng.choice(["boundary", "type", "missing", "added"])
        if how == "type" and len(tags.types) > 1:
            kind[at] = (kind[at] + rng.integers(1, len(tags.types))) % len(tags.types)
        elif how == "missing":
            keep[at] = False
        elif how == "added":
            place = int(rng.integers(0, len(true)))
            size = int(rng.integers(1, 3))
            inside = place + size <= offsets[np.searchsorted(offsets, place, side="right")]
            if inside and not taken[place : place + size].any():
                added.append((place, place + size, int(rng.integers(len(tags.types)))))
                taken[place : place + size] = True
        else:
            _move(at, start, end, low, high, taken, rng)
    extra = np.array(added, np.int64).reshape(-1, 3)
    joined = [np.r_[each[keep], extra[:, place]] for place, each in enumerate((start, end, kind))]
    order = np.argsort(joined[0])
    return tags_of(Spans(*(each[order] for each in joined)), len(true), tags)


def _move(at, start, end, low, high, taken, rng) -> None:
    """Make a span shorter or longer by a token at an end, where there is room."""
    ways = []
    if end[at] - start[at] > 1:
        ways += [(start, 1), (end, -1)]
    if start[at] > low[at] and not taken[start[at] - 1]:
        ways.append((start, -1))
    if end[at] < high[at] and not taken[end[at]]:
        ways.append((end, 1))
    if ways:
        place, step = ways[rng.integers(len(ways))]
        place[at] += step
        taken[start[at] : end[at]] = True


def token_probs(sentences: Sentences, given: np.ndarray, offsets: np.ndarray, classes: int) -> np.ndarray:
    """Out-of-sample probabilities (N, K) by five folds of sentences."""
    rows = FeatureHasher(1 << 16, input_type="string").transform(_features(sentences))
    fold = np.repeat(np.random.default_rng(0).integers(0, 5, len(sentences)), np.diff(offsets))
    probs = np.zeros((len(given), classes))
    for each in range(5):
        model = LogisticRegression(C=10, max_iter=40, tol=1e-3).fit(rows[fold != each], given[fold != each])
        probs[np.ix_(fold == each, model.classes_)] = model.predict_proba(rows[fold == each])
    return probs


def _features(sentences: Sentences) -> list[list[str]]:
    """Of each token its word, shape and ends, and the two words on either side."""
    found = []
    for sentence in sentences:
        words = ["<", "<", *(word for word, _ in sentence), ">", ">"]
        for at in range(2, len(words) - 2):
            word, near = words[at], (words[at + step] for step in (-2, -1, 0, 1, 2))
            shape = re.sub("[a-z]+", "a", re.sub("[A-Z]+", "A", re.sub("[0-9]+", "0", word)))
            features = [f"{step}={other.lower()}" for step, other in enumerate(near)]
            upper = [f"{step}^{words[at + step][:1].isupper()}" for step in (-1, 1)]
            found.append([*features, *upper, f"s={shape}", f"p={word[:3]}", f"e={word[-3:]}"])
    return found


def measured(sentences: Sentences, share: float, seed: int) -> tuple[float, ...]:
    from cleanlab.token_classification.rank import get_label_quality_scores

    rng = np.random.default_rng(seed)
    tags, offsets, true = coded(sentences)
    given = spoilt(true, offsets, tags, share, rng)
    probs = token_probs(sentences, given, offsets, len(tags.names))
    found = detect_tokens(given, offsets, probs, tags)
    ends = offsets[1:-1]
    peer = get_label_quality_scores([each.tolist() for each in np.split(given, ends)], np.split(probs, ends))
    by_token = np.concatenate([np.asarray(each) for each in peer[1]])
    wrong = given != true
    wrong_sentence = np.add.reduceat(wrong, offsets[:-1]) > 0
    at_best = best_cut(wrong, 1 - found.score)
    right = found.suggestion == true
    return (
        average_precision_score(wrong_sentence, -peer[0]),
        average_precision_score(wrong_sentence, -found.sentence_score),
        average_precision_score(wrong, -by_token),
        average_precision_score(wrong, -found.score),
        (probs.argmax(axis=1) == true)[best_cut(wrong, -by_token)].mean(),
        right[at_best].mean(),
        right[found.flag].mean(),
    )


def best_cut(wrong: np.ndarray, suspicion: np.ndarray) -> np.ndarray:
    """The tokens (N,) that are at least as suspicious as where F1 is best."""
    precision, recall, limits = precision_recall_curve(wrong, suspicion)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    return suspicion >= limits[f1[:-1].argmax()]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--conll", type=Path, nargs="*", default=[])
    parser.add_argument("--sentences", type=int, default=1500)
    parser.add_argument("--seeds", type=int, default=2)
    asked = parser.parse_args()
    sets = {"made": made(asked.sentences, np.random.default_rng(0))}
    sets |= {path.name: read_conll(path)[: asked.sentences] for path in asked.conll}
    print("| set | spans wrong | AP of sentences | of tokens | suggestions right at best F1 | of our flags |")
    print("|---|---|---|---|---|---|")
    for name, sentences in sets.items():
        for share in (0.05, 0.1, 0.2):
            rows = [measured(sentences, share, seed) for seed in range(asked.seeds)]
            mean = [f"{each:.3f}" for each in np.mean(rows, axis=0)]
            pairs = " | ".join(f"{mean[at]} → {mean[at + 1]}" for at in (0, 2, 4))
            print(f"| {name} | {share:.0%} | {pairs} | {mean[6]} |", flush=True)


if __name__ == "__main__":
    main()
