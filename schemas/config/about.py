"""What people say of a dataset: whose it is, and what may be done with it."""

from __future__ import annotations

from pydantic import Field

from labelworks.schemas.config.section import Section


class AboutConfig(Section):
    """For cards of the dataset and for its report; nothing here changes a row."""

    title: str = Field("", description="its name for people")
    description: str = Field("", description="what it is, in some sentences")
    license: str = Field("", description="by its identifier, such as cc-by-4.0")
    source: str = Field("", description="where it is from: an address, or words")
    language: tuple[str, ...] = Field((), description="of its texts, by ISO 639-1, such as en")
    citation: str = Field("", description="how it is cited")
    creator: str = Field("", description="who made it: a person or an organisation")
