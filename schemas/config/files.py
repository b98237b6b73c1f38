"""Files of a configuration: their formats, and how CSV is written."""

from __future__ import annotations

import codecs
from typing import Literal

from pydantic import Field, field_validator

from labelworks.schemas.config.section import Section

Format = Literal["auto", "parquet", "csv", "jsonl", "arrow", "webdataset", "numpy", "images", "conll"]


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
