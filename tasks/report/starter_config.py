"""A first config for a dataset, with what was guessed and why beside each key."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labelworks.tasks.sources.formats.sniff import COMMON, Dialect
from labelworks.tasks.sources.guess.folders import SplitGuess
from labelworks.tasks.sources.guess.roles import LISTED, Guesses
from labelworks.tasks.sources.profile import Profile

PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
WIDTH = 110
ENCODERS = {
    "text": "auto    # tfidf; or sentence-transformers, with options: {model: a name or path}",
    "image": "auto    # pixels: scaled, then their principal components; docs/embedding.md has better ones",
    "vector": "auto    # the vectors as they are",
    "tokens": "auto    # token-context; or token-transformers, with options: {model: a name or path}",
    "columns": "table    # numbers, categories, dates, short texts; trees judge beside the probes",
}


def starter_config(look: Profile, guesses: Guesses, classes: list[Any], votes: Profile | None = None) -> str:
    """The config as commented YAML. classes: those seen, in order, as a run reads them."""
    parts = [_head(look), _dataset(look, guesses, classes, votes), _gates(guesses), _rest(look, guesses)]
    return "\n".join("\n".join(part) + "\n" for part in parts if part)


def _head(look: Profile) -> list[str]:
    files = "1 file" if len(look.files) == 1 else f"{look.looked_at} of {len(look.files):,} files"
    about = f"# Written by `labelworks init` after a look at {look.rows:,} rows in {files}"
    return [
        f"{about} ({', '.join(look.formats)}).",
        "# Every key that is left out has its default; the README has them all.",
    ]


def _dataset(look: Profile, guesses: Guesses, classes: list[Any], votes: Profile | None) -> list[str]:
    lines = ["dataset:", f"  source: {scalar(look.source)}", *_csv(look.dialect, 2)]
    lines += _votes(guesses, votes) if guesses.votes else _label(guesses)
    lines += _features(guesses)
    if guesses.id:
        lines.append(f"  id: {scalar(guesses.id.column)}{_why(guesses.id.why)}")
    else:
        lines.append("  # id: column    # default: the file's name and the row")
    if guesses.time:
        lines.append(f"  time: {scalar(guesses.time.column)}{_why(guesses.time.why)}")
    if guesses.split:
        lines += _split(guesses.split)
    lines += [] if guesses.task == "tokens" else _probs(guesses) or _classes(look, classes)
    if guesses.task == "tokens":
        off = "" if guesses.broken else "# "
        return [
            *lines,
            f"  {off}tag_repair: true    # tags that break the scheme are written anew, not put aside",
        ]
    return [*lines, "  # target: path/of/new/data    # an unlabelled window, whose class mix may have moved"]


def _csv(dialect: Dialect, indent: int) -> list[str]:
    """How CSV is written, where it isn't as it mostly is."""
    said = {"delimiter": dialect.delimiter, "encoding": dialect.encoding}
    other = {key: value for key, value in said.items() if value != getattr(COMMON, key)}
    inside = ", ".join(f"{key}: {scalar(value)}" for key, value in other.items())
    return [f"{' ' * indent}csv: {{{inside}}}{_why(dialect.doubt)}"] if other else []


def _label(guesses: Guesses) -> Iterator[str]:
    label = guesses.label
    if label is None:
        return
    yield f"  label: {scalar(label.name)}{_why(label.why)}"
    if label.doubt:
        yield f"  #   unsure: {printable(label.doubt)}"
    for other in guesses.others:
        of = "" if other.task == "classification" else f" (task: {other.task})"
        yield f"  # label: {scalar(other.name)}{of}{_why(other.why)}"
    if label.task != "classification":
        yield f"  task: {label.task}"
    if label.task == "multilabel":
        yield "  # label_kind: candidates    # not task, but with classes, where one of each list is right"
    elif label.task == "classification" and label.column.nulls:
        yield "  # label_kind: single    # with classes: rows without a label get one, if it is proven"


def _votes(guesses: Guesses, look: Profile | None) -> list[str]:
    votes = guesses.votes
    if votes is None:
        return []
    lines = [f"  votes:{_why(votes.why)}", f"    source: {scalar(votes.source)}"]
    lines += _csv(look.dialect, 4) if look else []
    named = {"item": votes.item, "annotator": votes.annotator, "label": votes.label}
    return lines + [f"    {key}: {scalar(value)}" for key, value in named.items()]


def _features(guesses: Guesses) -> Iterator[str]:
    features = guesses.features
    yield "  features:"
    if features.kind == "columns":
        yield f"    # {printable(features.why)}"
        listed = f"columns: [{', '.join(map(scalar, features.names))}]"
        yield _filled(listed, "    ", "      ")
    else:
        yield f"    {features.kind}: {scalar(features.names[0])}{_why(features.why)}"
    if guesses.beside:
        listed = f"columns: [{', '.join(map(scalar, guesses.beside))}]"
        yield _filled(listed, "    # ", "    #   ")
        yield f"    #   beside the {features.kind}, where they tell of the label: each is encoded by itself"
    if features.others:
        yield f"    # could also be {printable(', '.join(features.others))}"
    if features.doubt:
        yield f"    # {printable(features.doubt)}"
    if features.root is not None:
        yield f"  image_root: {scalar(features.root)}    # the folder that the paths are below"


def _filled(line: str, first: str, next_ones: str) -> str:
    return textwrap.fill(
        line,
        WIDTH,
        initial_indent=first,
        subsequent_indent=next_ones,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _split(split: SplitGuess) -> Iterator[str]:
    yield f"  split: {scalar(split.column)}{_why(split.why)}"
    if split.train != "train":
        yield f"  train_split: {scalar(split.train)}"


def _probs(guesses: Guesses) -> list[str]:
    probs = guesses.pred_probs
    if probs is None or probs.classes is None:
        return []
    classes = ", ".join(map(scalar, probs.classes))
    return [
        f"  pred_probs: {scalar(probs.column)}{_why(probs.why)}",
        f"  classes: [{classes}]    # in the order of the numbers: look whether that is so",
    ]


def _classes(look: Profile, classes: list[Any]) -> list[str]:
    """The classes that were seen, all of them or none: a list that is cut would put the others aside."""
    if not 1 < len(classes) <= LISTED:
        return []
    seen = "all there are" if look.whole else "those seen in the sample: others would be put aside"
    return [f"  # classes: [{', '.join(map(scalar, classes))}]    # {seen}; default: those that occur"]


def _gates(guesses: Guesses) -> list[str]:
    allowed = {"ingest": guesses.unlabelled, "embed": guesses.unreadable}
    lines = [
        f"  {stage}: {{thresholds: {{max_rejected: {share}}}}}    # share of rows put aside, at most"
        for stage, share in allowed.items()
        if share
    ]
    return ["gates:", *lines] if lines else []


def _rest(look: Profile, guesses: Guesses) -> list[str]:
    return [
        "store:",
        f"  root: {_store(look.source)}    # a path or s3://bucket/prefix; secrets come from the environment",
        "",
        "encoder:",
        f"  name: {ENCODERS[guesses.features.kind]}",
    ]


def _store(source: str) -> str:
    """A folder here; of a source that it would lie in, one that isn't read."""
    here = Path.cwd()
    inside = "://" not in source and Path(source).resolve() in (here, *here.parents)
    return "_labelworks-store" if inside else "labelworks-store"


def _why(text: str) -> str:
    return f"    # {printable(text)}" if text else ""


def scalar(value: Any) -> str:
    """A value as a YAML scalar that any YAML reader takes for the same."""
    if not isinstance(value, str):
        return json.dumps(value)
    plain = PLAIN.fullmatch(value) and value.lower() not in WORDS
    return value if plain else json.dumps(value, ensure_ascii=True)


def printable(text: str) -> str:
    """The text on one line, without control characters."""
    return "".join(char if char.isprintable() else " " for char in text)
