"""Which columns of a dataset are its features: vectors, images, paths of images, texts, or numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

import pyarrow as pa
import pyarrow.types as types

from labelworks.schemas.errors import InputError
from labelworks.tasks.sources.column_roles import fits
from labelworks.tasks.sources.guess.column import Column, named, plain
from labelworks.tasks.sources.guess.foretold import numbers_of_texts, numbers_of_vectors
from labelworks.tasks.sources.guess.ids import Guess
from labelworks.tasks.sources.guess.names import words
from labelworks.tasks.sources.guess.tabular import numbers_of_table, tabular
from labelworks.tasks.sources.profile import Profile
from labelworks.tasks.storage.filesystem import open_filesystem

TEXTS = (
    "text", "sentence", "body", "content", "document", "review", "question", "query", "utterance", "title",
    "message", "description", "comment", "abstract", "tweet", "headline", "summary", "prompt", "subject",
)  # fmt: skip
REPEATED = 4  # rows a text has on average, at most
MOSTLY = 0.9
SHOWN = 3  # columns of which it is said why they can't be used
UNUSABLE_FIX = "write it again with values, or name another column with --features"
TRIED = 20  # paths that are looked for


@dataclass(frozen=True)
class FeatureGuess:
    """The columns taken for the features, of which kind, and why; root: of images that they are paths of.

    others: what else could be, with its kind.
    """

    kind: str
    names: tuple[str, ...]
    why: str
    root: str | None = None
    broken: float = 0.0
    others: tuple[str, ...] = ()
    doubt: str = ""

    def besides(self, *roles: Guess | None) -> FeatureGuess:
        """The same, without others that are taken for something else."""
        taken = tuple(f"{role.column} (" for role in roles if role)
        return replace(self, others=tuple(other for other in self.others if not other.startswith(taken)))

    def numbers(self, look: Profile, rows: list[int], but: str) -> Any:
        """The features of some rows of the sample but one column, as a matrix; None of images."""
        columns = [
            plain(look.sample[name].combine_chunks()).take(pa.array(rows))
            for name in self.names
            if name != but
        ]
        if self.kind == "text":
            return numbers_of_texts([text or "" for text in columns[0].to_pylist()])
        if self.kind == "columns":
            names = [name for name in self.names if name != but]
            return numbers_of_vectors(numbers_of_table(dict(zip(names, columns, strict=True))))
        if self.kind == "vector" and look.column(self.names[0]).width and not columns[0].null_count:
            flat = columns[0].flatten().cast(pa.float64(), safe=False)
            return numbers_of_vectors(flat.to_numpy(zero_copy_only=False).reshape(len(rows), -1))
        return None


def find_features(
    look: Profile, taken: Collection[str], chosen: str | None, *, tables: bool = True
) -> FeatureGuess:
    """The features, given columns that are something else and perhaps the names a person chose.

    tables: whether columns of single values, such as categories, can be features together; else numbers can.
    Raises InputError, listing the columns, where there are none.
    """
    columns = [column for column in look.columns if column.name not in taken]
    if chosen is not None:
        return _chosen(look, columns, chosen)
    ranked = list(_ranked(look, columns))
    several = [column for column in tabular(columns) if tables or fits(column.type, "columns")]
    if not ranked and len(several) > 1:
        return FeatureGuess("columns", tuple(column.name for column in several), "")
    if not ranked:
        lost = f"{_doubt(look)}{_lost_paths(look, columns)}{lost_features(columns)}"
        raise InputError(
            "no column can be taken for the features (text, image, vector, or several columns of a table)",
            where=look.source,
            fix=f"{lost}name them with --features COLUMN; columns: {look.listed}",
        )
    kind, column, root = ranked[0]
    others = [f"{other.name} ({of})" for of, other, _ in ranked[1:]]
    return FeatureGuess(
        kind,
        (column.name,),
        _about(column, kind, root),
        root,
        _broken(look, column, kind, root),
        tuple(others),
    )


def _broken(look: Profile, column: Column, kind: str, root: str | None) -> float:
    """Share of the images and vectors seen that a run would put aside; of other kinds none is looked at."""
    if root is not None:
        paths = _paths(look, column)[:TRIED]
        whole = all("://" in path or path.startswith("/") for path in paths)
        return 1 - _share_found(root, [path.removeprefix(f"{root}/") for path in paths] if whole else paths)
    if column.peeked:
        return column.broken / column.peeked
    return column.unfit if kind == "vector" else 0.0


def _doubt(look: Profile) -> str:
    """What speaks against how CSV was read."""
    return f"{look.dialect.doubt}; " if look.dialect.doubt else ""


def _chosen(look: Profile, columns: list[Column], chosen: str) -> FeatureGuess:
    """What a person named: a column, or several by commas or a pattern such as x*."""
    parts = (
        [part.strip() for part in chosen.split(",")] if chosen not in {c.name for c in columns} else [chosen]
    )
    names = [c.name for part in parts for c in columns if c.name == part or fnmatchcase(c.name, part)]
    if not names:
        look.column(chosen)  # which says that there is none
    named_ones = [look.column(name) for name in dict.fromkeys(names)]
    if len(named_ones) > 1 or named_ones[0].is_number():
        for column in named_ones:
            if not fits(column.type, "table"):
                raise InputError(
                    f"column {column.name!r} is {named(column.type)}, of no single values", where=look.source
                )
        return FeatureGuess("columns", tuple(c.name for c in named_ones), "named")
    (column,) = named_ones
    for kind, _, root in _ranked(look, [column]):
        why = f"named; {_about(column, kind, root)}"
        return FeatureGuess(kind, (column.name,), why, root, _broken(look, column, kind, root))
    if lost := lost_features([column]):
        raise InputError(lost.removesuffix("; "), where=look.source, fix=UNUSABLE_FIX)
    if column.image_paths > MOSTLY:
        raise InputError(
            f"column {column.name!r} holds paths of images, and none is found", where=look.source,
            fix="run init from where the paths begin, or write absolute paths",
        )  # fmt: skip
    for kind in ("text", "image", "vector"):
        if fits(column.type, kind):
            why = f"named; {_about(column, kind, None)}"
            return FeatureGuess(kind, (column.name,), why, broken=_broken(look, column, kind, None))
    raise InputError(
        f"column {column.name!r} is {named(column.type)}: no text, image, vector or number", where=look.source
    )


def _ranked(look: Profile, columns: list[Column]) -> Iterator[tuple[str, Column, str | None]]:
    """Vectors are ready to use, images speak for themselves, text is what is longest."""
    held = [column for column in columns if column.values]
    yield from (("image", c, None) for c in held if c.name in look.pixels)
    yield from (("vector", c, None) for c in held if is_vector(c))
    yield from (("image", c, None) for c in held if fits(c.type, "image") and c.images)
    for column in held if look.formats != ("images",) else ():
        if column.image_paths > MOSTLY and (root := _root(look, column)) is not None:
            yield "image", column, root
    texts = [c for c in held if c.is_text() and c.image_paths <= MOSTLY and _is_prose(c)]
    texts.sort(key=lambda c: (not set(words(c.name)) & set(TEXTS), -c.length))
    yield from (("text", c, None) for c in texts)


def is_vector(column: Column) -> bool:
    """Whether most of its values are lists of one length, more than a number each, and one can be used."""
    mostly = column.width is not None or column.unfit < 1 - MOSTLY
    return fits(column.type, "vector") and (column.usual or 0) > 1 and mostly and column.unfit < 1


def lost_features(columns: list[Column]) -> str:
    """Which columns would be features if a row of them could be used, and why none can."""
    return "".join(f"{said}; " for said in list(filter(None, map(_lost, columns)))[:SHOWN])


def _lost(column: Column) -> str:
    vectors = fits(column.type, "vector")
    if not column.values:
        held = vectors or any(fits(column.type, kind) for kind in ("image", "text"))
        return f"{column.name} is null in all rows" if held else ""
    if column.distinct == 1 and column.values > 1 and not types.is_nested(column.type):
        return f"{column.name} has one value in all rows"
    if vectors and column.unfit == 1:
        return f"every vector of {column.name} has a number that is missing, NaN or infinite"
    if vectors and column.width is None:
        return f"lists of {column.name} differ in length, and vectors have one: most have {column.usual}"
    return ""


def _is_prose(column: Column) -> bool:
    """Texts that mostly differ, with words in them, or of a name that says so."""
    by_name = bool(set(words(column.name)) & set(TEXTS))
    differ = (column.distinct or 0) * REPEATED > column.values
    return (column.prose > 0.5 and (differ or by_name)) or (by_name and differ and not column.dates)


def _root(look: Profile, column: Column) -> str | None:
    """The folder that the paths of a column are below: beside the data, or here; None if none is found."""
    paths = _paths(look, column)
    if all("://" in path or path.startswith("/") for path in paths[:TRIED]):
        return _common(paths)
    file, whole = look.files[0], look.source.rstrip("/")
    beside = [whole, whole.rpartition("/")[0] or ".", f"{whole}/{file.name}".rpartition("/")[0], "."]
    below = [folder for place in beside[:2] for folder in _folders(place)]
    return next(
        (folder for folder in dict.fromkeys([*beside, *below]) if _found(folder, paths[:TRIED])), None
    )


def _folders(place: str) -> list[str]:
    """A few folders in a folder, of which one may hold the images."""
    fs, base = open_filesystem(place, {})
    if set(place) & set("*?[") or not fs.isdir(base):
        return []
    names = sorted(
        info["name"].rstrip("/") for info in fs.ls(base, detail=True) if info["type"] == "directory"
    )
    return [f"{place}/{name.rpartition('/')[2]}" for name in names[:TRIED]]


def _common(paths: list[str]) -> str | None:
    """The folder that absolute paths have in common, if there is an image."""
    parts = [path.split("/")[:-1] for path in paths]
    same = next(
        (n for n, names in enumerate(zip(*parts, strict=False)) if len(set(names)) > 1), min(map(len, parts))
    )
    root = "/".join(parts[0][:same])
    inside = [path.removeprefix(f"{root}/") for path in paths[:TRIED]]
    return root if root.strip("/") and _found(root, inside) else None


def _paths(look: Profile, column: Column) -> list[str]:
    """The paths of the sample that a column holds."""
    return [path for path in plain(look.sample[column.name].combine_chunks()).drop_null().to_pylist() if path]


def _found(folder: str, paths: list[str]) -> bool:
    """Whether most of some paths are files below a folder."""
    return _share_found(folder, paths) > 0.5


def _share_found(folder: str, paths: list[str]) -> float:
    """Share of some paths that are files below a folder."""
    if set(folder) & set("*?["):
        return 0.0
    fs, base = open_filesystem(folder, {})
    there = sum(bool(fs.isfile(f"{base.rstrip('/')}/{path}")) for path in paths)
    return there / max(len(paths), 1)


def _lost_paths(look: Profile, columns: list[Column]) -> str:
    lost = [column.name for column in columns if column.image_paths > MOSTLY]
    return f"{lost[0]} holds paths of images, none of which is found beside the data; " if lost else ""


def _about(column: Column, kind: str, root: str | None) -> str:
    if kind == "image" and column.width:
        return f"images, as arrays of {column.width:,} bytes"
    if kind == "vector":
        return f"vectors of {column.usual} numbers" if is_vector(column) else "lists of numbers"
    if root is not None:
        return f"paths of images below {root}"
    if kind == "text":
        return f"text of {column.length:.0f} bytes on average"
    return f"images; {column.broken} of {column.peeked} can't be decoded" if column.broken else "images"
