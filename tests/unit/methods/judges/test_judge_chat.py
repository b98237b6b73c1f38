"""A judge behind a real service: by schema or without, again when it is busy; where its key goes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.schemas.secrets.redact import redact
from labelworks.tasks.methods.judges.chat import Chat, Judge, UnfitError
from labelworks.tasks.methods.judges.question import NONE, Question, ask_about
from labelworks.tasks.methods.judges.spending import Price
from tests.support.completions import Asked, Completions

CLASSES = ("cat", "dog")


def by_text(asked: Asked) -> str:
    return "cat" if "purr" in asked.shown else "dog"


@pytest.fixture
def service() -> Iterator[Completions]:
    with Completions(by_text) as made:
        yield made


@pytest.fixture
def question() -> Question:
    return ask_about("it purrs", CLASSES)


@pytest.fixture
def chat(service: Completions) -> Iterator[Callable[..., Chat]]:
    with ExitStack() as opened:

        def ready(retries: int = 3, **options: Any) -> Chat:
            judge = Judge("small", service.url, Price(1.0, 4.0), **options)
            made = Chat(judge, "treat.judges.models.0", timeout=30, retries=retries)
            opened.callback(made.close)
            return made

        yield ready


def test_an_answer_comes_by_schema_with_its_tokens(
    service: Completions, chat: Any, question: Question
) -> None:
    reply = chat(temperature=0.5).ask(question, 7)
    assert (reply.answer, reply.tokens_in, reply.tokens_out) == ("cat", 100, 10)
    (asked,) = service.asked
    assert asked.answers == (*CLASSES, NONE)
    assert (asked.body["temperature"], asked.body["seed"], asked.model) == (0.5, 7, "small")
    assert asked.body["max_completion_tokens"] == 500


def test_a_server_that_knows_no_schema_is_asked_for_json_and_its_answer_checked(
    service: Completions, chat: Any, question: Question
) -> None:
    service.schemas, asker = False, chat()
    assert asker.ask(question, 0).answer == "cat"
    assert asker.ask(question, 1).answer == "cat"
    assert ["response_format" in asked.body for asked in service.asked] == [True, False, False]
    assert service.asked[1].body["max_tokens"] == 500
    service.raw = ["I think it is a cow."]
    assert asker.ask(question, 2).answer is None


def test_a_busy_server_is_asked_again(service: Completions, chat: Any, question: Question) -> None:
    service.statuses = [429, 500, 503]
    assert chat().ask(question, 0).answer == "cat"
    assert len(service.asked) == 4


def test_a_server_that_stays_away_is_an_error_that_names_it(
    service: Completions, chat: Any, question: Question
) -> None:
    service.statuses = [429] * 9
    with pytest.raises(InputError, match="429") as caught:
        chat(retries=1).ask(question, 0)
    assert caught.value.where == f"{service.url}/chat/completions"
    assert len(service.asked) == 2


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_wrong_key_or_model_is_said_at_once(
    service: Completions, chat: Any, question: Question, status: int
) -> None:
    service.statuses = [status]
    with pytest.raises(ConfigError, match=str(status)) as caught:
        chat().ask(question, 0)
    assert "LABELWORKS_KEY_OPENAI" in caught.value.fix
    assert len(service.asked) == 1


def test_a_question_that_can_t_be_taken_is_told_apart(
    service: Completions, chat: Any, question: Question
) -> None:
    asker = chat()
    service.refuses = lambda asked: asked.shown == "it purrs"
    with pytest.raises(UnfitError, match="400"):
        asker.ask(question, 0)
    assert asker.ask(ask_about("it barks", CLASSES), 0).answer == "dog"
    assert "response_format" in service.asked[-1].body


def test_a_reply_that_breaks_off_is_asked_for_again_as_long_as_it_may_be_paid(
    service: Completions, chat: Any, question: Question
) -> None:
    lost: list[bool] = []
    service.cut = 1
    assert chat().ask(question, 0, lambda: not lost.append(True)).answer == "cat"
    assert (len(lost), len(service.asked)) == (1, 2)
    service.cut = 1
    with pytest.raises(InputError, match="gave no answer"):
        chat().ask(question, 0, lambda: False)
    assert len(service.asked) == 3


@pytest.mark.parametrize("raw", ["", "[]", '{"answer": "c'])
def test_rubbish_is_no_answer(service: Completions, chat: Any, question: Question, raw: str) -> None:
    service.raw = [raw]
    assert chat().ask(question, 0).answer is None


def test_tokens_that_aren_t_told_are_none(service: Completions, chat: Any, question: Question) -> None:
    service.usage = False
    reply = chat().ask(question, 0)
    assert (reply.answer, reply.tokens_in, reply.tokens_out) == ("cat", None, None)


def test_the_key_is_the_variable_s_or_the_block_s_and_shows_nowhere(
    service: Completions,
    chat: Any,
    question: Question,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    monkeypatch.setenv("OPENAI_API_KEY", "of-another")
    chat().ask(question, 0)
    monkeypatch.setenv("LABELWORKS_KEY_JUDGE", "open-sesame")
    chat(key_env="LABELWORKS_KEY_JUDGE").ask(question, 0)
    of_block = chat(key_env="LABELWORKS_KEY_JUDGE", key="of-the-block")
    of_block.ask(question, 0)
    assert [asked.key for asked in service.asked] == [None, "Bearer open-sesame", "Bearer of-the-block"]
    assert redact("open-sesame") == "***"
    assert "of-the-block" not in repr(of_block.judge) + json.dumps(of_block.judge.identity)
    assert not caplog.records


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"base_url": "ftp://host/v1"}, "no address"),
        ({"base_url": "https://me:secret@host/v1"}, "no address"),
        ({"key_env": "HOME"}, "no variable that may be sent"),
        ({"key_env": "sk-secret@"}, "no variable that may be sent"),  # the key itself
        ({"base_url": "http://host.example/v1", "key": "open-sesame"}, "sent unencrypted"),
    ],
)
def test_no_key_goes_where_it_doesn_t_belong(options: dict[str, str], match: str) -> None:
    judge = Judge("small", **{"base_url": "https://host/v1", "price": Price(0, 0), **options})  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=match) as caught:
        Chat(judge, "treat.judges.models.0")
    assert caught.value.where.startswith("treat.judges.models.0.")
    assert "secret@" not in str(caught.value)


def test_a_question_costs_no_more_than_what_is_set_aside(
    service: Completions, chat: Any, question: Question
) -> None:
    judge = chat().judge
    words = len(json.dumps(question.messages).split())
    assert judge.most(question) >= judge.price.of(2 * words, judge.answer_tokens)
    assert judge.price.of(1_000_000, 500_000) == pytest.approx(3.0)
