"""Which models are asked about labels, and within what bounds."""

from __future__ import annotations

from pydantic import Field, PositiveInt

from labelworks.schemas.config.schedule import Seconds
from labelworks.schemas.config.section import Section


class JudgeConfig(Section):
    """A language or vision model behind a service that speaks OpenAI's `/v1/chat/completions`."""

    model: str = Field(description="its name at the service")
    base_url: str = Field("https://api.openai.com/v1", description="of the service: https, or this machine")
    price_in: float = Field(
        ge=0.0, description="of a million tokens of questions; 0: a service that costs nothing"
    )
    price_out: float = Field(ge=0.0, description="of a million tokens of answers, thoughts included")
    votes: int = Field(
        1, ge=1, le=25, description="questions about a row; each lists the classes in another order"
    )
    temperature: float | None = Field(None, ge=0.0, le=2.0, description="null: what is usual at the service")
    answer_tokens: PositiveInt = Field(500, description="how long an answer may get, thoughts included")
    image_tokens: PositiveInt = Field(
        30_000, description="at most, of an image; set aside until it is answered"
    )
    key_env: str = Field("LABELWORKS_KEY_OPENAI", description="the variable of the key: LABELWORKS_KEY_…")
    secret: str | None = Field(None, description="a Prefect Secret block that holds the key, instead")


class JudgesConfig(Section):
    """Models that are asked about the rows where a look removes most expected error."""

    models: tuple[JudgeConfig, ...] = Field(
        (),
        description="cheap ones first: the next is asked where those before doubt the label; none: nobody is",
    )
    rows: int = Field(500, ge=1, le=100_000, description="asked about at most")
    budget: float = Field(1.0, ge=0.0, description="for all answers, in the currency of the prices")
    instruction: str = Field("", description="what a labeller of this dataset has to know")
    concurrency: int = Field(4, ge=1, le=256, description="questions at once")
    timeout: Seconds = Field(120.0, gt=0.0, description="of one question")
    retries: int = Field(5, ge=0, le=20, description="where a service is busy or away")
    audited: str = Field(
        "", description="a file with columns id and label: what people say is right; judges change labels "
        "only as far as these rows have shown them right",
    )  # fmt: skip
