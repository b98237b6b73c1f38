"""Made texts whose queues are known: several intents a queue, each with a few words of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEXICON, COMMON, PLAIN = 6000, 400, 60
SOUNDS = {
    "latin": ("b c d f g h k l m n p r s t v w st tr br pl", "a e i o u ai ea oo", " n r s t l"),
    "cyrillic": ("б в г д ж з к л м н п р с т ст тр", "а е и о у я ы", " н р с т й"),
}
ENDINGS = {"latin": " s ed ing er", "cyrillic": " а у ом ами ый", "han": ""}


@dataclass(frozen=True)
class Kind:
    """How texts are made: words of one (mean; lognormal from 40 on), share of them that are of its intent."""

    rows: int
    queues: int
    length: int
    topical: float = 0.2
    intents: int = 6
    script: str = "latin"
    uneven: float = 0.0


def made(kind: Kind, seed: int) -> tuple[list[str], np.ndarray]:
    """Texts and their queues (rows,): intents share a third of their words; one word in 50 is misspelt."""
    rng = np.random.default_rng(seed)
    lexicon = _lexicon(kind.script, rng)
    zipf = _zipf(LEXICON, 1.05)
    share = np.exp(-kind.uneven * np.arange(kind.queues))
    queue = rng.choice(kind.queues, kind.rows, p=share / share.sum())
    words = _intents(kind.queues * kind.intents, rng)
    by_rank, popular = _zipf(words.shape[1], 0.8), _zipf(kind.intents, 0.7)
    texts = []
    for each in queue:
        intent = each * kind.intents + rng.choice(kind.intents, p=popular)
        count = _count(kind.length, rng)
        own = words[intent][rng.choice(words.shape[1], count, p=by_rank)]
        chosen = np.where(rng.random(count) < kind.topical, own, rng.choice(LEXICON, count, p=zipf))
        joint = "" if kind.script == "han" else " "
        texts.append(joint.join(_said(lexicon[word], word, kind.script, rng) for word in chosen))
    return texts, queue


def _count(length: int, rng: np.random.Generator) -> int:
    drawn = rng.poisson(length) if length < 40 else int(rng.lognormal(np.log(length), 0.5))
    return max(3, drawn)


def _zipf(count: int, power: float) -> np.ndarray:
    share = 1 / np.arange(1, count + 1) ** power
    return np.asarray(share / share.sum())


def _intents(count: int, rng: np.random.Generator, each: int = 25, shared: float = 0.3) -> np.ndarray:
    """The words (count, each) of every intent, a share of them from a pool that intents have in common."""
    pool = np.arange(100, LEXICON)
    common = rng.choice(pool, COMMON, replace=False)
    own = np.stack([rng.choice(pool, each, replace=False) for _ in range(count)])
    return np.where(rng.random(own.shape) < shared, rng.choice(common, own.shape), own)


def _lexicon(script: str, rng: np.random.Generator) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < LEXICON:
        found[_word(script, rng)] = None
    return list(found)


def _word(script: str, rng: np.random.Generator) -> str:
    if script == "han":
        return "".join(chr(0x4E00 + int(each)) for each in rng.integers(0, 600, rng.integers(1, 4)))
    parts = [each.split(" ") for each in SOUNDS[script]]
    syllables = rng.choice([1, 2, 3, 4], p=[0.15, 0.4, 0.3, 0.15])
    return "".join("".join(rng.choice(part) for part in parts) for _ in range(syllables))


def _said(word: str, rank: int, script: str, rng: np.random.Generator) -> str:
    """A word as it stands in a text: with an ending, unless it is frequent; two letters may change places."""
    endings = ENDINGS[script].split(" ")
    said = word + (endings[rng.integers(len(endings))] if rank >= PLAIN else "")
    if rng.random() < 0.02 and len(said) > 2:
        place = int(rng.integers(len(said) - 1))
        said = said[:place] + said[place + 1] + said[place] + said[place + 2 :]
    return said
