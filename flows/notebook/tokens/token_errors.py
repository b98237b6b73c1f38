"""Which tags of tokens are wrong: `find_token_errors`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.classes import plain
from labelworks.flows.notebook.inputs.out_of_sample import checked_features, out_of_sample, row_folds
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.flows.notebook.tokens.sentences import TaggedSentences, per_token, tagged_sentences, words_of
from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.tokens.detect import TokenResult, detect_tokens
from labelworks.tasks.methods.tokens.sentences import sentence_of
from labelworks.tasks.methods.tokens.span_errors import ERRORS


@dataclass(frozen=True, eq=False, repr=False)
class TokenErrors(Shown):
    """What is known of the tags of S sentences, given by `find_token_errors`.

    Attributes
    ----------
    labels, suggestion : list of list
        By sentence: the tags as given, and the likeliest ones together, which keep the scheme.
    score : ndarray of shape (S,), float32
        Of a sentence, in [0, 1], low = suspicious: that of its worst token. Meant for its order.
    error_probability : ndarray of shape (S,), float32
        That any tag of the sentence is wrong.
    flag : ndarray of shape (S,), bool
        Sentences to look at: those whose suggestion is another.
    tokens : DataFrame
        A row a token: `sentence`, `place`, `token`, `label`, `flag`, `error_probability`, `score`,
        `suggestion`.
    spans : DataFrame
        A row a span that is given, or seems to be missing: `sentence`, its tokens `start` to `end` - 1, its
        `type`, what is wrong (`error`: boundary, type, extra, missing, or none), where the suggested one is
        (`to_start`, `to_end`, `to_type`), `error_probability`, `score`.
    classes : ndarray of shape (K,)
        The tags, in the order of the probabilities.
    scheme, method : str
        That the tags keep; by which the tokens were judged.
    skill : float
        How much of the entropy of the given tags the probabilities explain, from 0 to 1. Where it is low,
        error probabilities are too high and suggestions are seldom right: take the order alone.
    """

    labels: list[list[Any]]
    suggestion: list[list[Any]]
    score: NDArray[np.float32]
    error_probability: NDArray[np.float32]
    flag: NDArray[np.bool_]
    tokens: pd.DataFrame = field(repr=False)
    spans: pd.DataFrame = field(repr=False)
    classes: NDArray[Any]
    scheme: str
    method: str
    skill: float
    index: pd.Index = field(repr=False)

    def to_pandas(self) -> pd.DataFrame:
        """A row a sentence, under the index that the tags came with."""
        columns = ("labels", "flag", "error_probability", "score", "suggestion")
        return pd.DataFrame({name: getattr(self, name) for name in columns}, self.index)

    @property
    def issues(self) -> pd.DataFrame:
        """The flagged sentences, the lowest score first."""
        return self.to_pandas()[self.flag].sort_values("score", kind="stable")

    @property
    def summary(self) -> str:
        """What was found, in a line."""
        counts = self.spans["error"].value_counts()
        wrong = ", ".join(f"{counts[name]:,} {name}" for name in ERRORS[1:] if name in counts)
        tags = several(int(self.tokens["flag"].sum()), "tag")
        line = f"{self.flag.sum():,} of {several(len(self.flag), 'sentence')} flagged, {tags} in them"
        return f"{line}; spans: {wrong}" if wrong else line

    @property
    def _rows(self) -> pd.DataFrame:
        return self.issues


def find_token_errors(
    labels: Any,
    pred_probs: Any = None,
    features: Any = None,
    method: str = "auto",
    *,
    tokens: Any = None,
    classes: Sequence[Any] | None = None,
    scheme: str = "auto",
    repair: bool = False,
    **options: Any,
) -> TokenErrors:
    """Find wrong tags of tokens, such as named entities: by token, by span and by sentence.

    Parameters
    ----------
    labels : list of lists
        Of each sentence one tag a token: strings or whole numbers.
    pred_probs : list of arrays of shape (T, K), or array of shape (N, K), optional
        Probabilities of the tags of each token, by a model that wasn't trained on the sentence; rows sum to
        1. Left out, they are made from `features`, each sentence's by probes that never saw its fold.
    features : list of arrays of shape (T, D), or array of shape (N, D), optional
        Embeddings of the tokens, for `pred_probs`.
    method : str, default "auto"
        A method of kind `noise` in `labelworks.methods()`, by which each token is judged.
    tokens : list of lists, optional
        The words, to show them.
    classes : sequence of length K, optional
        Which tag each column of `pred_probs` is of; by default as in `find_label_errors`.
    scheme : {"auto", "io", "bio", "bilou", "bioes", "plain"}, default "auto"
        What the tags keep: `B-x I-x O`, with `L- U-` or `E- S-` for the last and the only token of a span,
        or `I-x O` alone;
        plain: each tag by itself, as parts of speech. By default the first that all of them belong to.
    repair : bool, default False
        Write tags anew that break the scheme, instead of refusing them: a span begins where its type does.
    **options
        Of the method, such as `target={"fdr": 0.1}`.

    Returns
    -------
    TokenErrors
        Scores, flags and suggestions; `.issues`, `.tokens` and `.spans` are tables.

    Raises
    ------
    InputError
        A tag is missing, is no class or breaks the scheme; there are more or fewer tokens than tags: `where`
        names the sentence.
    ConfigError
        An unknown method, option or scheme; neither `pred_probs` nor `features`.

    Notes
    -----
    A token is judged as a row of its own; the probabilities of a sentence are then joined by what the scheme
    allows. That takes errors of neighbouring tokens as independent. Where probabilities are poor (`skill`),
    error probabilities are too high, and the order by score holds better. The score of a sentence is that of
    its worst token. Sources: Rabiner (1989); Wang & Mueller (2022); McFadden (1974).

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> true = [["O", "B-city", "I-city", "O"], ["B-city", "O", "O", "O"]] * 60
    >>> classes = ["B-city", "I-city", "O"]
    >>> probs = [np.array([0.02 + 0.94 * (np.array(classes) == tag) for tag in row]) for row in true]
    >>> given = [list(row) for row in true]
    >>> given[0] = ["O", "O", "O", "O"]
    >>> found = lw.find_token_errors(given, probs, classes=classes)
    >>> found.issues["suggestion"].tolist()
    [['O', 'B-city', 'I-city', 'O']]
    >>> found.spans.query("error != ''")[["sentence", "start", "end", "error", "to_type"]]
         sentence  start  end    error to_type
    119         0      1    3  missing    city
    """
    said, probs = _inputs(labels, pred_probs, features, classes, scheme, repair)
    words = words_of(tokens, said.offsets)
    judged = detect_tokens(said.codes, said.offsets, probs, said.tags, method=method, **options)
    return _named(said, words, judged)


def _inputs(
    labels: Any, pred_probs: Any, features: Any, classes: Sequence[Any] | None, scheme: str, repair: bool
) -> tuple[TaggedSentences, NDArray[Any]]:
    """The tags, and probabilities (N, K) given or made; all checked."""
    if pred_probs is None and features is None:
        raise ConfigError(
            "neither pred_probs nor features are given",
            where="find_token_errors",
            fix="give pred_probs= of a model, out of sample, or features= such as embeddings of the tokens",
        )
    said, probs = tagged_sentences(labels, pred_probs, classes, scheme, repair=repair)
    if probs is not None:
        return said, probs.values
    seen = checked_features(per_token(features, "features", said.offsets).values)
    folds = row_folds(len(said.offsets) - 1)[sentence_of(said.offsets)]
    return said, out_of_sample(seen.values, said.codes.astype(np.int64), len(said.tags.names), folds)


def _named(said: TaggedSentences, words: list[list[str]] | None, found: TokenResult) -> TokenErrors:
    classes = np.array(said.tags.names, object)
    sentence = sentence_of(said.offsets)
    tokens = pd.DataFrame(
        {
            "sentence": sentence,
            "place": np.arange(len(sentence)) - said.offsets[sentence],
            "label": classes[said.codes],
            "flag": found.flag,
            "error_probability": found.error_probability,
            "score": found.score,
            "suggestion": classes[found.suggestion],
        }
    )
    if words is not None:
        tokens.insert(2, "token", [word for row in words for word in row])
    ends = said.offsets[1:-1]
    suggestion = np.split(found.suggestion, ends)
    return TokenErrors(
        labels=[plain(classes[sentence]) for sentence in np.split(said.codes, ends)],
        suggestion=[plain(classes[sentence]) for sentence in suggestion],
        score=found.sentence_score,
        error_probability=found.sentence_error_probability,
        flag=np.array([bool(sentence.any()) for sentence in np.split(found.flag, ends)]),
        tokens=tokens,
        spans=_spans(said, found),
        classes=classes,
        scheme=said.tags.scheme,
        method=found.tokens.method,
        skill=found.skill,
        index=said.index,
    )


def _spans(said: TaggedSentences, found: TokenResult) -> pd.DataFrame:
    """A row a span, given ones first."""
    spans, kinds = found.spans, np.array([*said.tags.types, None], object)  # -1 is none
    return pd.DataFrame(
        {
            "sentence": spans.sentence,
            "start": spans.start,
            "end": spans.end,
            "type": kinds[spans.kind],
            "error": np.array(ERRORS, object)[spans.error],
            "to_start": spans.to_start,
            "to_end": spans.to_end,
            "to_type": kinds[spans.to_kind],
            "error_probability": spans.error_probability,
            "score": spans.score,
        }
    )
