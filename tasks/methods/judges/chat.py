"""A judge: a model behind a service that speaks OpenAI's `/v1/chat/completions`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.encoders.importing import needed
from labelworks.tasks.methods.judges.question import Question, read_answer
from labelworks.tasks.methods.judges.spending import AROUND, Price
from labelworks.tasks.methods.openai_service import OpenAIService

UNFIT = (400, 413, 422)  # the service can't take a question: for its form, or for its row
BUSY = (408, 409, 425, 429)  # and what is over 500
LONGEST_PAUSE = 60.0  # seconds, also where a service asks for a longer one


@dataclass(frozen=True)
class Judge:
    """A model, where it is and what it costs.

    votes: questions about one row. answer_tokens: how long an answer may get, thoughts before it included.
    image_tokens: what an image counts for at most, before the service has said it. key: from a Secret block.
    """

    model: str
    base_url: str
    price: Price
    votes: int = 1
    temperature: float | None = None
    answer_tokens: int = 500
    image_tokens: int = 30_000
    key_env: str = "LABELWORKS_KEY_OPENAI"
    key: str = field(default="", repr=False)

    def most(self, question: Question) -> float:
        """What a question may cost at most."""
        tokens = question.text_bytes + question.images * self.image_tokens + AROUND
        return self.price.of(tokens, self.answer_tokens)

    @property
    def identity(self) -> list[Any]:
        """What of it decides its answers."""
        return [self.base_url, self.model, self.temperature, self.answer_tokens]


@dataclass(frozen=True)
class Reply:
    """One of the answers, or None where the reply is none of them; tokens are None where they aren't told."""

    answer: str | None
    tokens_in: int | None
    tokens_out: int | None


class UnfitError(Exception):
    """The service can't take the question about a row; its text says why."""


class Chat:
    """Asks one judge. Threads may share it."""

    def __init__(self, judge: Judge, where: str, *, timeout: float = 120.0, retries: int = 5) -> None:
        self.judge, self._where, self._retries = judge, where, retries
        self._service = OpenAIService(judge.base_url, judge.key_env, where, "base_url", judge.key)
        self._openai = needed("openai", "openai", by="a judge", where=where)
        self._client = self._service.client(timeout, 0)
        self._by_schema = True  # until the service refuses it

    def ask(self, question: Question, seed: int, lost: Callable[[], bool] = lambda: True) -> Reply:
        """Ask, again after a pause while the service is busy or away.

        lost: called where a reply got lost, which may have to be paid for; says whether to ask once more.
        Raises UnfitError where it can't take this question, ConfigError where it refuses the key, the model
        or the address, and InputError where it stays away.
        """
        try:
            if self._by_schema:
                try:
                    return self._reply(question, self._strict(question, seed), lost)
                except UnfitError:
                    reply = self._reply(question, self._plain(question), lost)
                    self._by_schema = False
                    return reply
            return self._reply(question, self._plain(question), lost)
        except self._openai.OpenAIError as error:
            raise self._gone(error) from error

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def _strict(self, question: Question, seed: int) -> dict[str, Any]:
        return {
            **self._asked(question),
            "response_format": question.schema,
            "max_completion_tokens": self.judge.answer_tokens,
            "seed": seed,
        }

    def _plain(self, question: Question) -> dict[str, Any]:
        """For a server that knows no schema: the question itself says what form the answer has."""
        return {**self._asked(question), "max_tokens": self.judge.answer_tokens}

    def _asked(self, question: Question) -> dict[str, Any]:
        warm = {} if self.judge.temperature is None else {"temperature": self.judge.temperature}
        return {"model": self.judge.model, "messages": list(question.messages), **warm}

    def _reply(self, question: Question, asked: dict[str, Any], lost: Callable[[], bool]) -> Reply:
        completion = self._sent(asked, lost)
        try:
            choice, usage = completion["choices"][0], completion.get("usage") or {}
            text = choice["message"].get("content")
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise InputError(
                f"the judge answers no completion: {str(completion)[:100]!r}", where=self._url
            ) from error
        counted = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
        tokens = [count if isinstance(count, int) and count >= 0 else None for count in counted]
        return Reply(read_answer(text if isinstance(text, str) else None, question.answers), *tokens)

    def _sent(self, asked: dict[str, Any], lost: Callable[[], bool]) -> Any:
        """The JSON that the service answers."""
        from tenacity import Retrying, retry_if_exception, stop_after_attempt

        retrying = Retrying(
            stop=stop_after_attempt(self._retries + 1),
            wait=_pause,
            retry=retry_if_exception(lambda error: _passing(error) and (_told(error) or lost())),
            reraise=True,
        )
        ask = self._client.chat.completions.with_raw_response.create
        try:
            answer = retrying(ask, **asked)
        except self._openai.APIStatusError as error:
            if error.status_code in UNFIT:
                raise UnfitError(f"{error.status_code} {error.response.reason_phrase}") from error
            raise
        try:
            return answer.http_response.json()
        except ValueError as error:
            text = answer.http_response.text[:100]
            raise InputError(f"the judge answers no JSON: {text!r}", where=self._url) from error

    def _gone(self, error: Exception) -> ConfigError | InputError:
        status = getattr(error, "status_code", None)
        said = f"{status} {error.response.reason_phrase}" if status else str(error.__cause__ or error)  # type: ignore[attr-defined]
        fix = f"check base_url, the model and the key (environment: {self.judge.key_env})"
        text = f"the judge {self.judge.model} gave no answer: {said or type(error).__name__}"
        if status and not _passing(error):
            return ConfigError(text, where=self._where, fix=fix)
        return InputError(text, where=self._url, fix=f"{fix}, and run again: what was answered is kept")

    @property
    def _url(self) -> str:
        return f"{self.judge.base_url.rstrip('/')}/chat/completions"


def _passing(error: BaseException) -> bool:
    """Whether the service is busy or away, and may answer later."""
    from openai import APIConnectionError

    status = getattr(error, "status_code", None)
    return isinstance(error, APIConnectionError) or (status is not None and (status in BUSY or status >= 500))


def _told(error: BaseException) -> bool:
    """Whether the service said that it didn't answer; else its answer may be on the bill."""
    return getattr(error, "status_code", None) is not None


def _pause(state: Any) -> float:
    """Seconds to wait: what the service asks for, or ever longer."""
    from tenacity import wait_random_exponential

    error = state.outcome.exception() if state.outcome else None
    asked = getattr(getattr(error, "response", None), "headers", {}).get("retry-after", "")
    try:
        return min(max(float(asked), 0.0), LONGEST_PAUSE)
    except ValueError:
        return float(wait_random_exponential(multiplier=0.5, max=20)(state))
