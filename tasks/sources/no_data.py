"""What is said of a source without data: what there is instead, and what becomes of that."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath

from labelworks.schemas.errors import InputError
from labelworks.tasks.sources.formats import FORMATS
from labelworks.tasks.sources.formats.packed import PACKINGS

CONVERT = {
    ".json": "write one JSON object a line: jq -c '.[]' rows.json > rows.jsonl",
    ".xlsx": "a workbook is not read: pandas.read_excel(…).to_parquet(…)",
    ".xls": "a workbook is not read: pandas.read_excel(…).to_parquet(…)",
    ".pkl": "pickles run code and are not read: save it as parquet",
    ".pickle": "pickles run code and are not read: save it as parquet",
    ".pt": "pickles run code and are not read: numpy.savez(…) instead",
    ".txt": "lines of text have no columns: write CSV or JSON lines; a token and its tag a line are .conll",
    ".zip": "an archive is not read: unpack it",
    **dict.fromkeys(
        (".lz4", ".br", ".7z", ".rar"), "it isn't read as it is packed: unpack it, or pack it by gzip or zstd"
    ),
    **dict.fromkeys(PACKINGS, "of packed files the name says what they are: rows.csv.gz, rows.jsonl.zst"),
}


def no_data(source: str, found: list[str], missed: tuple[str, ...]) -> InputError:
    """The error of a source whose files, if there are any, are none of them data, or left out by name."""
    if missed:
        first = f"{len(found)} files; those that are data begin with _ or a dot and are left out"
        what = f"{first}, as {missed[0]}"
        return InputError(what, where=source, fix="name them in dataset.source, such as folder/_*.csv")
    endings = Counter(PurePosixPath(path).suffix.lower() for path in found)
    what = ", ".join(f"{count} {ending or 'without an ending'}" for ending, count in endings.most_common(4))
    known = sorted(f".{form.suffixes[0]}" for form in FORMATS.values())
    fixes = [CONVERT[ending] for ending in endings if ending in CONVERT]
    return InputError(
        f"none of the files is data ({what})" if found else "there are no files",
        where=source,
        fix="; ".join([*dict.fromkeys(fixes), f"data files end in {', '.join(known)} …: docs/formats.md"]),
    )
