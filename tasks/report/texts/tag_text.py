"""What was found of tags of tokens, in a sentence."""

from __future__ import annotations

from labelworks.schemas.findings import NoiseFindings
from labelworks.tasks.report.texts.wording import count, plural


def judged(noise: NoiseFindings | None) -> str:
    """What a row's label is called: of tags a sentence has many."""
    return "sentence" if noise and noise.tags else "label"


def sentence(noise: NoiseFindings | None) -> str:
    """How many tags and spans look wrong, and how; empty where rows have no tags."""
    tags = noise and noise.tags
    if not tags:
        return ""
    kinds = {
        "look of another type": tags.type_spans,
        "look longer or shorter than they should be": tags.boundary_spans,
        "look like none": tags.extra_spans,
        "look left out": tags.missing_spans,
    }
    spans = ", ".join(f"{count(number)} {words}" for words, number in kinds.items() if number)
    of = f"; of spans, {count(tags.spans)} as given, {spans}" if spans else ""
    return f"{count(tags.flagged_tokens)} of {plural(tags.tokens, 'tag')} look wrong{of}."
