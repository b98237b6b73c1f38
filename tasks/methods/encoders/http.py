"""Texts through an embedding service that speaks OpenAI's `/v1/embeddings`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.encoders.base import Encoded, Encoder, State
from labelworks.tasks.methods.encoders.importing import needed
from labelworks.tasks.methods.encoders.values import read_texts
from labelworks.tasks.methods.openai_service import OpenAIService
from labelworks.tasks.methods.registry import register

TOO_LONG = (400, 413, 422)  # the service can't take a text: its row's fault, not the run's


@register("encoders", "http", needs=("a service",), modality=("text",), source="OpenAI /v1/embeddings")
class HttpEncoder(Encoder):
    """An OpenAI-compatible embedding service; its key comes from the environment, never from the config."""

    kind = "text"
    batch_rows = 1024
    options: ClassVar[dict[str, Any]] = {
        "url": "",
        "model": "",
        "key_env": "LABELWORKS_KEY_OPENAI",
        "dimensions": None,
        "batch_size": 64,
        "requests_per_second": 10.0,
        "retries": 5,
        "timeout": 60.0,
    }
    speed = ("key_env", "batch_size", "requests_per_second", "retries", "timeout")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name in ("url", "model"):
            if not self.chosen[name]:
                raise ConfigError(
                    f"no {name} is given", where=f"encoder.options.{name}", fix="see docs/embedding.md"
                )
        self.service = OpenAIService(
            str(self.chosen["url"]), str(self.chosen["key_env"]), "encoder.options", "url",
            turn=self._wait_turn,
        )  # fmt: skip
        self.earliest = 0.0
        self._client: Any = None

    def identity(self) -> dict[str, Any]:
        """Service, model and dimensions; how it is asked changes nothing."""
        chosen = {name: value for name, value in self.pinned().items() if name not in self.speed}
        return {**super().identity(), "options": chosen}

    def load(self, state: State) -> None:
        """Ask for one vector, to know the dimension; ConfigError if the service does not answer."""
        try:
            self.dim = self._ask(["a"]).shape[1]
        except _RefusedError as error:
            raise ConfigError(
                f"the embedding service refuses a text of one letter: {error}",
                where="encoder.options.model",
                fix="check the model, and the dimensions if any are asked for",
            ) from error
        except InputError as error:
            raise ConfigError(error.what, where="encoder.options.url", fix=error.fix) from error

    def encode(self, values: pa.Array) -> Encoded:
        """Encode a batch of texts; one that the service refuses is a reason for none."""
        texts, reasons = read_texts(values)
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        usable = [row for row, reason in enumerate(reasons) if reason is None]
        for start in range(0, len(usable), int(self.chosen["batch_size"])):
            rows = usable[start : start + int(self.chosen["batch_size"])]
            for row, vector in self._each(texts, rows):
                if isinstance(vector, str):
                    reasons[row] = vector
                else:
                    vectors[row] = vector
        return Encoded(vectors, reasons)

    def _each(self, texts: list[str], rows: list[int]) -> Iterator[tuple[int, NDArray[np.float32] | str]]:
        """Vectors of rows; if the service refuses the batch, halves are asked until the row is found."""
        try:
            yield from zip(rows, self._ask([texts[row] for row in rows]), strict=True)
        except _RefusedError as error:
            if len(rows) == 1:
                yield rows[0], f"refused by the service: {error}"[:200]
                return
            middle = len(rows) // 2
            yield from self._each(texts, rows[:middle])
            yield from self._each(texts, rows[middle:])

    def _ask(self, texts: list[str]) -> NDArray[np.float32]:
        answer = self._answer(texts)
        try:
            entries = sorted(answer.json()["data"], key=lambda each: each["index"])
            vectors = np.array([entry["embedding"] for entry in entries], dtype=np.float32)
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"the service answers no embeddings: {answer.text[:100]!r}", where=self._url
            ) from error
        if vectors.ndim != 2 or len(vectors) != len(texts):
            raise InputError(f"{len(texts)} texts gave {len(vectors)} vectors", where=self._url)
        return vectors

    def _answer(self, texts: list[str]) -> Any:
        """What the service answers; asked again after a pause while it is busy or away."""
        client, openai = self.client(), needed("openai", "openai")
        chosen: dict[str, Any] = (
            {"dimensions": int(self.chosen["dimensions"])} if self.chosen["dimensions"] else {}
        )
        ask = client.embeddings.with_raw_response.create
        try:
            return ask(
                model=self.chosen["model"], input=texts, encoding_format="float", **chosen
            ).http_response
        except openai.APIStatusError as error:
            said = f"{error.status_code} {error.response.reason_phrase}"
            raise _RefusedError(said) if error.status_code in TOO_LONG else self._gone(said) from error
        except openai.OpenAIError as error:  # its own text says "Connection error." and no more
            raise self._gone(str(error.__cause__ or error) or type(error).__name__) from error

    def client(self) -> Any:
        """OpenAI's client for this service."""
        if self._client is None:
            self._client = self.service.client(float(self.chosen["timeout"]), int(self.chosen["retries"]))
        return self._client

    def _wait_turn(self) -> None:
        """Keep to this worker's share of the rate: a request no sooner than that after the one before."""
        now = time.monotonic()
        time.sleep(max(0.0, self.earliest - now))
        self.earliest = max(now, self.earliest) + self.workers / float(self.chosen["requests_per_second"])

    def _gone(self, said: str) -> InputError:
        fix = f"check the address, the model and the key (environment: {self.chosen['key_env']})"
        return InputError(f"the embedding service gave no answer: {said}", where=self._url, fix=fix)

    @property
    def _url(self) -> str:
        return f"{str(self.chosen['url']).rstrip('/')}/embeddings"


class _RefusedError(Exception):
    pass
