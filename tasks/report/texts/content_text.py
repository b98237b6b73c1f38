"""Content issues, in words."""

from __future__ import annotations

from labelworks.schemas.findings import ContentFindings, IssueFindings

WORDS = {
    "empty": "Empty",
    "too-long": "Much longer than usual",
    "too-short": "Much shorter than usual",
    "mostly-symbols": "Mostly symbols",
    "dark": "Too dark to see much",
    "light": "Too light to see much",
    "blurry": "Blurry",
    "low-information": "Next to nothing in the image",
    "grayscale": "Without colours",
    "odd-size": "Of another size than the rest",
    "odd-ratio": "Of another shape than the rest",
    "other-language": "Another language or script than the rest",
}


def issue_rows(found: ContentFindings | None) -> list[tuple[str, IssueFindings]]:
    """The issues that some rows have, the commonest first, each with its words."""
    issues = [] if found is None else [each for each in found.issues if each.rows]
    issues.sort(key=lambda each: (-each.rows, each.name))
    return [(WORDS.get(each.name, each.name.replace("-", " ").capitalize()), each) for each in issues]
