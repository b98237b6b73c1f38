"""Files of a configuration: their formats, and how CSV is written."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from labelworks.schemas.config.section import Section
from labelworks.schemas.file_names import CONLL_ENDS, PACKED_ENDS

Format = Literal["auto", "parquet", "csv", "jsonl", "arrow", "webdataset", "numpy", "images", "conll"]
IMAGE_FOLDER: dict[str, Any] = {"features": {"image": "image"}, "label": "label", "id": "path"}
CONLL: dict[str, Any] = {"features": {"tokens": "tokens"}, "label": "tags", "task": "tokens"}
PACKED = "|".join(map(re.escape, PACKED_ENDS))
CONLL_NAME = re.compile(rf"\.({'|'.join(map(re.escape, CONLL_ENDS))})({PACKED})?$", re.IGNORECASE)


def named_columns(dataset: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a dataset that its format gives, which names its columns itself; else none."""
    form, source = dataset.get("format") or "auto", dataset.get("source")
    name = CONLL_NAME.search(source) if isinstance(source, str) else None
    if form == "conll" or (form == "auto" and name is not None):
        return CONLL
    return IMAGE_FOLDER if form == "images" else {}


class CsvConfig(Section):
    """How CSV files are written."""

    delimiter: str = Field(",", description='what stands between two values, such as ";" or "\\t"')
    encoding: str = Field("utf-8", description="such as utf-16 or cp1252")

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, given: str) -> str:
        if len(given) != 1 or not given.isascii() or given in '\n\r"':
            raise ValueError('takes one character, such as ";", "|" or "\\t"')
        return given

    @field_validator("encoding")
    @classmethod
    def _known(cls, given: str) -> str:
        """The name that Python has for the encoding."""
        try:
            "a".encode(given).decode(given)
            return codecs.lookup(given).name
        except (LookupError, UnicodeError) as error:
            raise ValueError(f"{given!r} is no encoding; utf-8, utf-16, cp1252, latin-1 are some") from error
