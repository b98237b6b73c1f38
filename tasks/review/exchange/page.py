"""A queue as one HTML page that works from disk, and the file of decisions that it saves.

No request leaves it: its policy allows its own script, its own style and the images in it.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from labelworks.schemas.errors import InputError
from labelworks.schemas.review import ReviewQueue
from labelworks.tasks.review.exchange.carried import Picture, Pictures, carried

TEMPLATES = Path(__file__).parent / "templates"
ENDING, MARK = ".html", "labelworks"
# Also of what is in a text: neither a tag nor the end of the script that holds it.
INERT = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def write(queue: ReviewQueue, pictures: Pictures) -> dict[str, bytes]:
    """The page; answers are kept by the browser until they are saved."""
    return {"": review_page(queue_of_page(queue, pictures), ["review.js", "file.js"]).encode("utf-8")}


def knows(value: Any) -> bool:
    """Whether JSON is a file of decisions."""
    return isinstance(value, dict) and value.get(MARK) == "decisions"


def read(value: Any, where: str) -> list[dict[str, Any]]:
    """Its rows, each with its answer."""
    rows = value.get("answers")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(
            "'answers' is no list of rows", where=where, fix="save the answers of the page again"
        )
    names = {"dataset": value.get("dataset"), "run": value.get("run")}
    return [{**names, **row} for row in rows]


def review_page(queue: dict[str, Any], scripts: Sequence[str], connect: str = "'none'") -> str:
    """The page of a queue, with scripts of this folder; connect: where it may send requests."""
    css, sources = _file("review.css"), [_file(name) for name in scripts]
    return _template().render(
        dataset=queue["dataset"],
        css=css,
        scripts=sources,
        queue=Markup(json.dumps(queue, ensure_ascii=False).translate(INERT)),  # noqa: S704 - made inert
        policy="; ".join(
            (
                "default-src 'none'",
                f"script-src {' '.join(map(_hash, sources))}",
                f"style-src {_hash(css)}",
                "img-src data:",
                f"connect-src {connect}",
                "base-uri 'none'",
                "form-action 'none'",
            )
        ),
    )


def queue_of_page(queue: ReviewQueue, pictures: Pictures) -> dict[str, Any]:
    """A queue as the page's script takes it; print: of its rows: what a browser keeps answers under."""
    rows = [
        carried(row, queue)
        | {"shown": row.shown, "probabilities": row.probabilities, "marks": row.marks}
        | _picture(pictures.get((row.partition, row.row)))
        for row in queue.rows
    ]
    digest = hashlib.blake2b(queue.model_dump_json().encode(), digest_size=8)
    facts = queue.model_dump(include={"dataset", "run", "label", "classes", "kind"})
    return {**facts, "print": digest.hexdigest(), "rows": rows}


def _picture(picture: Picture | None) -> dict[str, Any]:
    return {} if picture is None else {"picture": picture.address, "tiny": picture.tiny}


@cache
def _file(name: str) -> Markup:
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704 - our own file


def _hash(source: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("review.html")
