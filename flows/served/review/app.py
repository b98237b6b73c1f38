"""The app behind the page: rows out, answers in; what it says is stored is in the store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, Field, StringConstraints

from labelworks.flows.served.review.gathered import PAUSE_SECONDS, GatheredWriter
from labelworks.flows.served.review.guard import Guard
from labelworks.schemas.decisions import RowDecision
from labelworks.schemas.errors import LabelworksError
from labelworks.schemas.review import ReviewRow
from labelworks.tasks.artifacts.shown.contents import Content, said
from labelworks.tasks.artifacts.shown.thumbnails import thumbnail
from labelworks.tasks.review.desk.around import Around
from labelworks.tasks.review.desk.desk import DeskAnswer, ReviewDesk, answer_of
from labelworks.tasks.review.exchange.page import review_page

TEXT, SHORT = 20_000, 200  # characters that are shown
PICTURE, SMALL = 768, 112  # pixels
MOST = 50  # groups at a time
BACK = 50  # answers that the page can go back to after a reload
Holder = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Keep = Callable[[Sequence[RowDecision]], object]
Look = Callable[[ReviewRow], Around]


class RowsWanted(BaseModel):
    """What a page asks when it wants rows: for which holder, how many groups."""

    holder: Holder
    most: int = Field(ge=1, le=MOST)


class AnswersSaid(BaseModel):
    """Answers of a person, in their order."""

    holder: Holder
    answers: list[DeskAnswer]


class AnswersUndone(BaseModel):
    """Ids of rows whose answers don't count any more."""

    holder: Holder
    undo: list[str]


def review_app(
    desk: ReviewDesk, keep: Keep, look: Look, tokens: Mapping[str, str], *, pause: float = PAUSE_SECONDS
) -> Guard:
    """The app. keep: stores decisions, all or none; look: what is around a row; tokens: whose each is.

    pause: seconds between two files of decisions.
    """
    writer = GatheredWriter(keep, pause)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        await writer.close()

    app = FastAPI(title="Labelworks review", docs_url=None, redoc_url=None, openapi_url=None, lifespan=life)
    at_work: set[asyncio.Task[None]] = set()

    async def store(decisions: Sequence[RowDecision], holder: str) -> None:
        """Also when who answered has gone meanwhile."""
        task = asyncio.create_task(_store(desk, writer, decisions, holder))
        at_work.add(task)
        task.add_done_callback(at_work.discard)
        await asyncio.shield(task)

    @app.get("/")
    async def page(request: Request) -> HTMLResponse:
        facts = desk.queue.model_dump(include={"dataset", "run", "label", "classes", "kind"})
        queue = {**facts, "annotator": request.state.annotator, "rows": []}
        return HTMLResponse(review_page(queue, ["review.js", "served.js"], connect="'self'"))

    @app.get("/api/answered")
    async def answered(request: Request) -> dict[str, Any]:
        """What this person answered last, to go back to."""
        made = desk.answered(request.state.annotator)[-BACK:]
        return {
            "rows": [
                {
                    "row": shown(desk.rows[decision.id]),
                    "answer": answer_of(decision),
                    "when": decision.when.timestamp() * 1e3,
                }
                for decision in made
            ]
        }

    @app.post("/api/rows")
    async def rows(wanted: RowsWanted) -> dict[str, Any]:
        groups = desk.hand(wanted.holder, wanted.most)
        return {"rows": [shown(row) for group in groups for row in group], "progress": _progress(desk)}

    @app.post("/api/answers")
    async def answers(said: AnswersSaid, request: Request) -> dict[str, Any]:
        who, names = request.state.annotator, [answer.id for answer in said.answers]
        checked = desk.check(who, said.answers)
        await store(checked.taken, said.holder)
        while desk.waits(who, names):  # sent twice: what came first is still being stored, and may be lost
            await writer.put(())
            await store(desk.check(who, said.answers).taken, said.holder)
        aside = [{"id": refused.id, "reason": refused.reason} for refused in checked.aside]
        return {"aside": aside, "progress": _progress(desk)}

    @app.post("/api/undo")
    async def undo(undone: AnswersUndone, request: Request) -> dict[str, Any]:
        decisions = desk.undo(request.state.annotator, undone.undo)
        await store(decisions, undone.holder)
        return {"progress": _progress(desk)}

    @app.get("/api/around")
    def beside(id: str) -> JSONResponse:  # noqa: A002 - what it is called in the address
        row = desk.rows.get(id)
        if row is None:
            return JSONResponse({"error": "no row has this id"}, 404)
        return JSONResponse(around_row(look(row)))

    @app.exception_handler(LabelworksError)
    async def trouble(_: Request, error: LabelworksError) -> JSONResponse:
        return JSONResponse({"error": error.what}, 503)

    return Guard(app, tokens)


async def _store(
    desk: ReviewDesk, writer: GatheredWriter, decisions: Sequence[RowDecision], holder: str
) -> None:
    try:
        await writer.put(decisions)
    except BaseException:
        desk.lost(decisions)
        raise
    desk.stored(decisions, holder)


def shown(row: ReviewRow) -> dict[str, Any]:
    """A row as the page takes it."""
    more = f"\n… {len(row.shown):,} characters in all" if len(row.shown) > TEXT else ""
    known = row.model_dump(
        include={"id", "given", "suggestion", "probabilities", "marks", "why", "sample", "like", "distance"}
    )
    return {**known, "shown": row.shown[:TEXT] + more}


def around_row(found: Around) -> dict[str, Any]:
    """What is around a row as the page takes it."""
    near = [
        {
            "id": neighbour.id,
            "alike": neighbour.alike,
            "given": neighbour.given,
            "marks": neighbour.marks,
            **_seen(neighbour.content, SMALL),
        }
        for neighbour in found.nearest
    ]
    return {**_seen(found.content, PICTURE), "near": near, "among": found.among}


def _seen(content: Content, largest: int) -> dict[str, Any]:
    picture = thumbnail(content.image, largest) if content.image else None
    return {
        "text": " · ".join(said(content).splitlines())[:SHORT],
        "picture": picture and picture[0],
        "tiny": bool(picture and picture[1]),
    }


def _progress(desk: ReviewDesk) -> dict[str, Any]:
    return asdict(desk.progress())
