"""Content issues, in words."""

from __future__ import annotations

from labelworks.schemas.findings import ContentFindings, IssueFindings
from labelworks.tasks.methods.content.personal import PERSONAL

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
    "card-number": "The number of a payment card",
    "e-mail-address": "An e-mail address",
    "phone-number": "A telephone number",
}


def issue_rows(found: ContentFindings | None, *, personal: bool) -> list[tuple[str, IssueFindings]]:
    """The issues that some rows have, the commonest first, in words; of personal data, or the others."""
    issues = [] if found is None else [issue for issue in found.issues if issue.rows]
    issues = [issue for issue in issues if (issue.name in PERSONAL) == personal]
    issues.sort(key=lambda each: (-each.rows, each.name))
    return [(WORDS.get(issue.name, issue.name.replace("-", " ").capitalize()), issue) for issue in issues]
