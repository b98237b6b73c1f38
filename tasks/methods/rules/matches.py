"""Rules by a regular expression."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.registry import register


@register("rules", "matches", source="RE2: Cox 2010; labelling functions: Ratner et al. 2016")
def matches(table: pa.Table, *, column: str = "", pattern: str = "", ignore_case: bool = True) -> pa.Array:
    """Fires where a text holds what the pattern matches (n,); null where the text is null.

    RE2 reads a text once, whatever the pattern: it has no backtracking, and no lookahead or backreference.
    Raises ConfigError where it is no pattern of RE2.
    """
    values = table[column].combine_chunks()
    texts = values if pa.types.is_string(values.type) else values.cast(pa.string())
    try:
        return pc.match_substring_regex(texts, pattern, ignore_case=ignore_case)
    except pa.ArrowInvalid as error:
        said = str(error).removeprefix("Invalid regular expression: ")
        raise ConfigError(f"no regular expression: {said}", fix=_FIX) from error


def check_pattern(pattern: str) -> None:
    """Raise ConfigError where it is no pattern."""
    matches(pa.table({"": pa.array([""])}), pattern=pattern)


_FIX = "the syntax is RE2's (github.com/google/re2/wiki/Syntax): no lookahead, no backreference"
