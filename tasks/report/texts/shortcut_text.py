"""Properties that tell the label, in sentences."""

from __future__ import annotations

from labelworks.schemas.findings import PropertyFindings, ShortcutFindings
from labelworks.schemas.percentages import percent

LEAST = 0.01  # of what is unknown of the label that is taken away


def sentences(found: ShortcutFindings | None) -> list[tuple[str, tuple[str, ...]]]:
    """What tells the label by itself, most first, each with ids of rows; empty where nothing does.

    What is proven to tell, but next to nothing, is in the record alone.
    """
    told = [prop for prop in (found.properties if found else ()) if prop.tells and (prop.gain or 0) >= LEAST]
    return [(_sentence(prop), prop.examples) for prop in told]


def _sentence(found: PropertyFindings) -> str:
    name, gain, chance = found.name.capitalize(), percent(found.gain), percent(found.chance)
    sentence = (
        f"{name}: takes away {gain} of what is unknown of the label; guesses from it alone are right for "
        f"{percent(found.accuracy)} of the rows ({chance} by always saying the commonest class)."
    )
    if found.label is None or found.low is None or found.high is None:
        return sentence
    span = f"{found.low:.4g}" if found.low == found.high else f"{found.low:.4g} to {found.high:.4g}"
    return f"{sentence} Where it is {span}, {percent(found.share)} of the rows are {found.label}."
