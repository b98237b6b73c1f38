"""Wrong tags of tokens: by token, by span and by sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.noise import NoiseResult, detect
from labelworks.tasks.methods.tokens.chain import LEAST, Chain
from labelworks.tasks.methods.tokens.chain_posterior import (
    ChainPosterior,
    best_tags,
    posteriors_of,
    together,
)
from labelworks.tasks.methods.tokens.edits import Edits, borne_out, edits_of
from labelworks.tasks.methods.tokens.sentences import faults, sentence_of
from labelworks.tasks.methods.tokens.span_errors import SpanErrors, span_errors
from labelworks.tasks.methods.tokens.tag_set import TagSet

FLOOR = 1e-6  # of a probability, before its logarithm
CELLS = 1 << 20  # probabilities of the sentences that are worked on together


@dataclass(frozen=True, eq=False)
class TokenResult:
    """Label noise of N tokens in S sentences over K tags.

    score (N,) and sentence_score (S,), that of its worst token: in [0, 1], low = suspicious, meant for their
    order. error_probability (N,), sentence_error_probability (S,): that the tag, that any tag is wrong.
    suggestion (N,): the likeliest tags of each sentence together, which keep the scheme; flag (N,): those
    that are other than the given ones. posterior (N, K): P(true tag). spans: given and missing ones.
    tokens: what the noise method says of the tokens, each by itself. skill: see `skill_of`.
    """

    score: NDArray[np.float32]
    error_probability: NDArray[np.float32]
    flag: NDArray[np.bool_]
    suggestion: NDArray[np.int32]
    posterior: NDArray[np.float32]
    sentence_score: NDArray[np.float32]
    sentence_error_probability: NDArray[np.float32]
    spans: SpanErrors
    edits: Edits
    tokens: NoiseResult
    skill: float


def detect_tokens(
    given: NDArray[np.integer],
    offsets: NDArray[np.int64],
    pred_probs: NDArray[np.floating],
    tags: TagSet,
    *,
    method: str = "auto",
    **options: Any,
) -> TokenResult:
    """Find the wrong tags of sentences.

    given (N,): codes of the tags of all tokens, which keep the scheme; offsets (S + 1,): of the sentences;
    pred_probs (N, K): out of sample by sentence. method, options: of kind noise, which judges the tokens.

    Every token is judged as a row of one class. Then the posteriors of a sentence are joined by what the
    scheme allows. The score is the given tag's self-confidence beside the mean one of its class (Northcutt,
    Jiang & Chuang 2021), times the joined posterior of it to the power of `skill_of`: where probabilities
    tell little, the noise method takes rare tags for wrong. That of a sentence is its least (Wang & Mueller
    2022).
    Raises InputError for tags that break the scheme, and what `noise.detect` raises.
    """
    if faults(given, offsets, tags).any():
        raise broken(given, offsets, tags)
    alone = detect(given, pred_probs, method=method, posterior=True, **options)
    return TokenJudge.fit(given, pred_probs, tags, lean_of(cut_of(alone))).judge(
        given, offsets, pred_probs, alone
    )


@dataclass(frozen=True, eq=False)
class TokenJudge:
    """What sentences are judged by beside what is known of each token by itself.

    lean: what given tags count for when tags are joined. skill: see `skill_of`. usual (K,): mean probability
    of given tags by class.
    """

    tags: TagSet
    lean: float
    skill: float
    usual: NDArray[np.float64]

    @classmethod
    def fit(
        cls, given: NDArray[np.integer], pred_probs: NDArray[np.floating], tags: TagSet, lean: float
    ) -> TokenJudge:
        """Of tokens (N,) that stand for all, with probabilities (N, K) out of sample."""
        own = np.asarray(pred_probs[np.arange(len(given)), given], np.float64)
        count = np.bincount(given, minlength=len(tags.names))
        usual = np.bincount(given, own, minlength=len(tags.names)) / np.maximum(count, 1)
        return cls(tags, lean, skill_of(given, pred_probs), usual)

    def judge(
        self,
        given: NDArray[np.integer],
        offsets: NDArray[np.int64],
        pred_probs: NDArray[np.floating],
        alone: NoiseResult,
    ) -> TokenResult:
        """Judge sentences. alone: what the noise method says of their tokens, with posteriors (N, K)."""
        tags = self.tags
        parts = [
            _joined(given[part], own - own[0], alone.shares[part], tags, self.lean)
            for part, own in sentence_blocks(offsets, len(tags.names))
        ]
        names = ("probs", "own", "kept", "grown")
        posterior = ChainPosterior(
            *(np.concatenate([getattr(part.posterior, name) for part in parts]) for name in names)
        )
        suggestion, proposed = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("best", "proposed")
        )
        score = token_scores(given, pred_probs, posterior.own, self.skill, self.usual)
        return TokenResult(
            score=score,
            error_probability=(1 - posterior.own).astype(np.float32),
            flag=suggestion != given,
            suggestion=suggestion,
            posterior=posterior.probs.astype(np.float32),
            sentence_score=by_sentence(score, offsets),
            sentence_error_probability=(1 - together(posterior.kept, offsets[:-1], offsets[1:])).astype(
                np.float32
            ),
            spans=span_errors(given, suggestion, offsets, tags, posterior, score),
            edits=edits_of(
                given, suggestion, offsets, tags, posterior, proposed, borne_out(alone, suggestion)
            ),
            tokens=alone,
            skill=self.skill,
        )


def broken(given: NDArray[np.integer], offsets: NDArray[np.int64], tags: TagSet) -> InputError:
    """Why tags (N,) are refused that break their scheme, by the first place where they do."""
    at = int(faults(given, offsets, tags).argmax())
    sentence = int(sentence_of(offsets)[at])
    place = at - int(offsets[sentence])
    return InputError(
        why_broken(given[at], given[at - 1] if place else None, tags),
        where=f"sentence {sentence}, token {place}",
        fix="mend the tags, or have them mended (repair)",
    )


def why_broken(code: int, before: int | None, tags: TagSet) -> str:
    """Why a tag can't stand where it does. before: the tag before it; None: it is the first."""
    if before is None:
        begins, behind = not tags.continues[code], "at the beginning"
    else:
        begins = bool(tags.follows(np.array([before]), np.array([code]))[0])
        behind = f"after {tags.names[before]!r}"
    return (
        f"{tags.names[code]!r} can't stand {'at the end' if begins else behind} in the scheme {tags.scheme}"
    )


def cut_of(alone: NoiseResult) -> float | None:
    """The least error probability that the noise method flags; None where it flags nothing."""
    return float(alone.error_probability[alone.flag].min()) if alone.flag.any() else None


def lean_of(cut: float | None) -> float:
    """What given tags count for when tags are joined, so that about those change that are over the cut."""
    if cut is None:
        return 1 / LEAST
    held = float(np.clip(cut, 0.05, 0.95))
    return held / (1 - held)


@dataclass(frozen=True, eq=False)
class _Joined:
    """What sentences say together: posteriors of given tags, the likeliest tags (n,), and the `kept` and
    `own` (2, n) of these."""

    posterior: ChainPosterior
    best: NDArray[np.int32]
    proposed: NDArray[np.float64]


def _joined(
    given: NDArray[np.integer],
    offsets: NDArray[np.int64],
    shares: NDArray[np.floating],
    tags: TagSet,
    lean: float,
) -> _Joined:
    chain = Chain.of(shares, offsets, tags)
    leaning = Chain(chain.fit.copy(), offsets, tags)
    leaning.fit[np.arange(len(given)), given] *= lean
    best = best_tags(leaning)
    joined, proposed = posteriors_of(chain, given, best)
    return _Joined(joined, best, np.stack([proposed.own, proposed.kept], axis=1))


def sentence_blocks(offsets: NDArray[np.int64], classes: int) -> Iterator[tuple[slice, NDArray[np.int64]]]:
    """Tokens and offsets of whole sentences that are worked on together, one block after the other."""
    step, low = max(CELLS // classes, 1), 0
    while low < len(offsets) - 1:
        high = max(int(np.searchsorted(offsets, offsets[low] + step, side="right")) - 1, low + 1)
        yield slice(int(offsets[low]), int(offsets[high])), offsets[low : high + 1]
        low = high


def skill_of(given: NDArray[np.integer], pred_probs: NDArray[np.floating]) -> float:
    """How much of the entropy of given tags (N,) their probabilities (N, K) explain: 0 nothing, 1 all.

    Source: McFadden 1974.
    """
    shares = np.bincount(given) / len(given)
    entropy = -float(np.sum(shares[shares > 0] * np.log(shares[shares > 0])))
    own = np.maximum(pred_probs[np.arange(len(given)), given], FLOOR)
    return max(1 + float(np.log(own).mean(dtype=np.float64)) / entropy, 0.0) if entropy else 0.0


def token_scores(
    given: NDArray[np.integer],
    pred_probs: NDArray[np.floating],
    posterior: NDArray[np.floating],
    skill: float,
    mean: NDArray[np.floating],
) -> NDArray[np.float32]:
    """The scores (N,) of given tags by probabilities (N, K) and their joined posterior (N,).

    mean (K,): the usual probability of a given tag, by class.
    """
    own = np.asarray(pred_probs[np.arange(len(given)), given], np.float64)
    usual = own / np.maximum(own + mean[given] * (1 - own), LEAST)
    return np.asarray((usual * posterior**skill) ** (1 / (1 + skill)), np.float32)


def by_sentence(score: NDArray[np.float32], offsets: NDArray[np.int64]) -> NDArray[np.float32]:
    """The least score of each sentence (S,); 1 of one without tokens."""
    scores = np.ones(len(offsets) - 1, np.float32)
    some = np.diff(offsets) > 0
    if some.any():
        scores[some] = np.minimum.reduceat(score, offsets[:-1][some])
    return scores
