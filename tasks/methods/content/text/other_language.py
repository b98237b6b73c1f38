"""Texts of another language than the rest of the dataset, told without knowing any language."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.special import bdtr

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.content.rows import ContentRows
from labelworks.tasks.methods.registry import register

READ = 2000  # characters of a text that are looked at
LEAST_WORDS = 5  # of fewer only the script is told
LEAST_TEXTS = 20  # of so many words, to learn from
USUAL_SCRIPT = 0.05  # of the texts are written in it
COMMON = 0.01  # of the texts have a common word
BUCKETS = 2**16  # that sequences of three letters are hashed into
WORD = re.compile(r"[^\W\d_]+")
CHANCE = 0.02  # that so few words of a text are common ones, were each by itself as likely as usual
FENCE = 1.5  # quartile ranges beyond a quartile: Tukey's inner fence, passed by three normal values in 1,000


@register("content", "other-language", source="own: script, common words, three letters", modality=("text",))
class OtherLanguage:
    """Texts in a script that few others use, or with neither their common words nor their letter sequences.

    A text has another language where less than half as many of its words are common ones of the dataset as
    usual, and where its sequences of three letters are rarer than the inner fence of all texts (Tukey 1977).
    It has to be both: an unusual topic has the common words, a name or a formula has few. Of fewer than five
    words, and of languages that part no words, the script alone tells.
    """

    def fit(self, sample: ContentRows, /) -> None:
        """Learn scripts, common words and letter sequences of the dataset."""
        texts = _read(sample)
        mains = Counter(counts.most_common(1)[0][0] for text in texts if (counts := _scripts(text)).total())
        self.scripts = sorted(name for name, n in mains.items() if n >= USUAL_SCRIPT * mains.total())
        known = [words for text in texts if len(words := _words(text)) >= LEAST_WORDS]
        self.words: tuple[str, ...] = ()
        if len(known) < LEAST_TEXTS:
            return
        counts = Counter(word for words in known for word in set(words))
        self.words = tuple(sorted(word for word, n in counts.items() if n >= max(3, COMMON * len(known))))
        sequences = _sequences(known)
        rows = np.asarray((sequences > 0).sum(axis=0)).ravel()
        self.rarity = -np.log((np.maximum(rows - 1, 0) + 0.5) / len(known)).astype(np.float32)
        self.usual_words = float(np.median(self._common(known)))
        low, middle, high = np.quantile(self._rare(sequences), [0.25, 0.5, 0.75])
        self.usual_rarity = float(middle)
        self.spread = max(float(high + FENCE * (high - low) - middle), 1e-6)

    def judge(self, rows: ContentRows, /) -> NDArray[np.float64]:
        """Score texts (N,); NaN for those without two letters."""
        texts = _read(rows)
        counts = [_scripts(text) for text in texts]
        letters = np.array([counted.total() for counted in counts], np.float64)
        known = np.array(
            [sum(n for name, n in counted.items() if name in self.scripts) for counted in counts]
        )
        score = known / np.where(letters > 1, letters, np.nan)
        if self.words and self.usual_words > 0:
            words = [_words(text) for text in texts]
            long_enough = np.flatnonzero([len(held) >= LEAST_WORDS for held in words])
            score[long_enough] = np.minimum(
                score[long_enough], self._language([words[place] for place in long_enough])
            )
        return score

    def _language(self, texts: list[list[str]]) -> NDArray[np.float64]:
        """Scores of texts of enough words, given as these: the better of what words and letters say."""
        if not texts:
            return np.zeros(0)
        share, count = self._common(texts), np.array([len(words) for words in texts])
        by_chance = bdtr(np.round(share * count), count, min(self.usual_words, 1 - 1e-9))
        words = np.clip(np.maximum(share / self.usual_words, by_chance / (2 * CHANCE)), 0.0, 1.0)
        away = np.maximum(self._rare(_sequences(texts)) - self.usual_rarity, 0.0)
        return np.asarray(np.maximum(words, 0.5 ** (away / self.spread)))

    def _common(self, texts: list[list[str]]) -> NDArray[np.float64]:
        """Shares of the words that are common ones of the dataset."""
        known = set(self.words)
        return np.array([sum(word in known for word in words) / len(words) for words in texts])

    def _rare(self, sequences: Any) -> NDArray[np.float64]:
        """Mean negative logarithms of the shares of texts that have a text's letter sequences."""
        count = np.asarray(sequences.sum(axis=1)).ravel()
        return np.asarray(sequences @ self.rarity / np.maximum(count, 1.0))


def _read(rows: ContentRows) -> list[str]:
    if rows.texts is None:
        raise InputError("there are no texts", fix="give the rows as texts")
    return [text or "" for text in pc.utf8_slice_codeunits(rows.texts, 0, READ).to_pylist()]


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def _sequences(texts: list[list[str]]) -> Any:
    """Counts of sequences of three letters of texts, by their words (N, 65536): hashed, sparse."""
    from sklearn.feature_extraction.text import HashingVectorizer

    hashed = HashingVectorizer(
        analyzer="char_wb", ngram_range=(3, 3), n_features=BUCKETS, alternate_sign=False, norm=None
    )
    return hashed.transform([" ".join(words) for words in texts])


def _scripts(text: str) -> Counter[str]:
    if text.isascii():
        return Counter({"LATIN": sum(map(str.isalpha, text))})
    return Counter(_script(char) for char in text if char.isalpha())


@cache
def _script(char: str) -> str:
    """The script of a letter, as the first word of its Unicode name."""
    name = unicodedata.name(char, "unnamed").partition(" ")[0]
    return "CJK" if name in ("HIRAGANA", "KATAKANA", "HANGUL") else name
