"""Asking judges about rows: a cascade, several at once, each answer bought once and kept on the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import ConfigError, LabelworksError
from labelworks.schemas.findings import JudgeFindings
from labelworks.tasks.methods.encoders.values import UnusableError
from labelworks.tasks.methods.judges.chat import Chat, Judge, Reply, UnfitError
from labelworks.tasks.methods.judges.panel import Panel
from labelworks.tasks.methods.judges.pool import NOT_ASKED, UNREAD
from labelworks.tasks.methods.judges.question import (
    Content,
    Question,
    ask_about,
    listing_order,
    named_by,
)
from labelworks.tasks.methods.judges.spending import Purse
from labelworks.tasks.storage.store import Store

FOLDER = "judges"  # of a dataset in the store
LOST = "lost"  # in the account of a run: what answers cost that never came
IN_VAIN = 10  # questions that a judge refuses before it has answered one: it is no fault of theirs


@dataclass(frozen=True)
class AskedRow:
    """A row to ask about: what is in it, the classes that are listed, the place of the given one in them."""

    content: Content
    classes: tuple[str, ...]
    given: int


@dataclass(frozen=True)
class Bought:
    """An answer as it is kept; None where the reply named none."""

    answer: str | None
    tokens_in: int
    tokens_out: int
    cost: float


_Get = Callable[[int, Question, int], Bought | None]


class Asking:
    """Asks the judges about rows, in blocks; answers are kept in a folder of the store.

    The next judge is asked where those before it don't all say that the given label is right. An answer that
    was kept is not bought again, and its cost is part of the budget as it was: a run that was killed goes on
    as it would have. account: where a run that asks more than once keeps what it paid. To be closed.
    """

    def __init__(self, panel: Panel, store: Store, folder: str, account: str = "") -> None:
        self.panel, self._store, self._folder, self._account = panel, store, folder, account
        self.purse, self.out_of_money, self.unusable = Purse(panel.budget), 0, 0
        self._paid: dict[str, float] = store.read_json(account) if account and store.exists(account) else {}
        self.purse.count(sum(self._paid.values()))
        self._lock, self._broke = Lock(), False
        self._known: dict[str, Bought] = {}
        self._votes = [
            (place, vote) for place, judge in enumerate(panel.judges) for vote in range(judge.votes)
        ]
        self._tallies = [_Tally() for _ in panel.judges]
        self._kept = store.names(folder)
        self._chats = [
            Chat(judge, f"{panel.where}.models.{place}", timeout=panel.timeout, retries=panel.retries)
            for place, judge in enumerate(panel.judges)
        ]

    def __enter__(self) -> Asking:
        return self

    def __exit__(self, *_: object) -> None:
        for chat in self._chats:
            chat.close()

    def rows(self, rows: Sequence[AskedRow]) -> NDArray[np.int32]:
        """The answers (n, V) about rows, the first one first, as `pool` takes them.

        What was kept is looked up before anything is bought, so that the budget is for both. Raises
        ConfigError and InputError where a judge can't be asked at all.
        """
        with ThreadPoolExecutor(self.panel.concurrency, thread_name_prefix="judges") as pool:
            try:
                list(pool.map(self._recall, rows))
                answers = list(pool.map(self._row, rows))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return np.array(answers, np.int32).reshape(len(rows), len(self._votes))

    def keep_account(self) -> None:
        """Keep what was paid so far: who asks on in the same run has that much less."""
        paid = self._paid | {file: bought.cost for file, bought in self._known.items()}
        paid[LOST] = max(0.0, self.purse.spent - sum(cost for name, cost in paid.items() if name != LOST))
        self._store.write_json(self._account, paid)

    def findings(self) -> tuple[JudgeFindings, ...]:
        """What each judge was asked, and what it cost."""
        judged = zip(self.panel.judges, self._tallies, strict=True)
        return tuple(tally.findings(judge.model) for judge, tally in judged)

    def _recall(self, row: AskedRow) -> None:
        """Look up the answers about a row that were kept."""
        with suppress(_MissingError, UnusableError):
            self._cascade(row, self._read, [])

    def _row(self, row: AskedRow) -> list[int]:
        """The answers (V,) about a row: places among its classes, K for none of them, UNREAD or NOT_ASKED."""
        answers: list[int] = []
        try:
            self._cascade(row, self._buy, answers)
        except LabelworksError:
            self._broke = True  # nobody asks on
            raise
        except _BrokeError:
            with self._lock:
                self.out_of_money += 1
        except UnusableError:
            with self._lock:
                self.unusable += 1
        return answers + [NOT_ASKED] * (len(self._votes) - len(answers))

    def _cascade(self, row: AskedRow, get: _Get, answers: list[int]) -> None:
        """Append the answers about a row, one judge after the other."""
        for place, vote in self._votes:
            if place and vote == 0 and all(answer == row.given for answer in answers):
                return
            order = listing_order(len(row.classes), vote, self.panel.seed)
            question = ask_about(row.content, row.classes, self.panel.instruction, order)
            answered = get(place, question, self.panel.seed + vote)
            answers.append(_code(answered, row.classes))

    def _file(self, place: int, question: Question, seed: int) -> str:
        return f"{named_by(self.panel.judges[place].identity, question.messages, seed)}.json"

    def _read(self, place: int, question: Question, seed: int) -> Bought:
        file = self._file(place, question, seed)
        if file not in self._kept:
            raise _MissingError
        bought = Bought(**self._store.read_json(f"{self._folder}/{file}"))
        self._note(place, file, bought, kept=True)
        return bought

    def _note(self, place: int, file: str, found: Bought, *, kept: bool) -> None:
        """Count an answer once, in whichever rows it comes up."""
        with self._lock:
            if file in self._known:
                return
            self._known[file] = found
            self._tallies[place].add(found, kept=kept)
        if kept and file not in self._paid:
            self.purse.count(found.cost)

    def _buy(self, place: int, question: Question, seed: int) -> Bought | None:
        """Ask, and keep the answer; None where the judge can't take the question."""
        file, judge = self._file(place, question, seed), self.panel.judges[place]
        if file in self._known:
            return self._known[file]
        most, cost = judge.most(question), 0.0
        if self._broke or not self.purse.set_aside(most):
            self._broke = True
            raise _BrokeError
        try:
            reply = self._chats[place].ask(question, seed, lambda: self.purse.lose(most))
            cost = _cost(judge, reply, most)
        except UnfitError as error:
            self._refused(place, str(error))
            return None
        finally:
            self.purse.settle(most, cost)
        bought = Bought(reply.answer, reply.tokens_in or 0, reply.tokens_out or 0, cost)
        self._store.write_json(f"{self._folder}/{file}", asdict(bought))
        self._note(place, file, bought, kept=False)
        return bought

    def _refused(self, place: int, why: str) -> None:
        """Count it; raise ConfigError where it isn't for what is in a row."""
        tally, judge = self._tallies[place], self.panel.judges[place]
        with self._lock:
            tally.refused += 1
            in_vain = tally.refused >= IN_VAIN and not tally.answers
        if in_vain:
            raise ConfigError(
                f"the judge {judge.model} refuses every question: {why}",
                where=f"{self.panel.where}.models.{place}",
                fix="check the model and its temperature, and whether it takes images if rows are such",
            )


@dataclass
class _Tally:
    """What one judge was asked, and what became of it."""

    answers: int = 0
    kept: int = 0
    unread: int = 0
    refused: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0

    def add(self, bought: Bought, *, kept: bool) -> None:
        """Count an answer."""
        self.answers += 1
        self.kept += kept
        self.unread += bought.answer is None
        self.tokens_in += bought.tokens_in
        self.tokens_out += bought.tokens_out
        self.cost += bought.cost

    def findings(self, model: str) -> JudgeFindings:
        """The same, under the name of the model."""
        return JudgeFindings(model=model, **asdict(self))


class _BrokeError(Exception):
    """There is no money left for a question."""


class _MissingError(Exception):
    """An answer is not kept."""


def _code(found: Bought | None, classes: tuple[str, ...]) -> int:
    """An answer as `pool` takes it; whatever isn't listed is none of these."""
    if found is None or found.answer is None:
        return UNREAD
    return classes.index(found.answer) if found.answer in classes else len(classes)


def _cost(judge: Judge, reply: Reply, most: float) -> float:
    """What a reply cost; as much as it may have where the service doesn't tell."""
    if reply.tokens_in is None or reply.tokens_out is None:
        return most
    return judge.price.of(reply.tokens_in, reply.tokens_out)
