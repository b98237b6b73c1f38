"""Regions of the embedding whose labels everything around them contradicts, or nothing foretells."""

from __future__ import annotations

from pydantic import Field

from labelworks.schemas.findings.base import Class, Findings


class OddRegion(Findings):
    """Rows near one another that bear one label."""

    label: Class
    around: Class = Field(description="the label that most rows around them bear")
    p_value: float = Field(description="adjusted for all regions looked at")
    rows: tuple[str, ...] = Field(description="their ids")


class UnlearnableCluster(Findings):
    """Rows near one another whose labels no model foretells."""

    labels: tuple[Class, ...] = Field(description="that they bear, the commonest first, ten at most")
    right: float = Field(description="share of them that a linear model of the other folds foretells")
    expected: float = Field(description="the same, of rows anywhere that it is as sure of")
    p_value: float = Field(description="adjusted for all regions looked at")
    rows: tuple[str, ...] = Field(description="their ids")


class PoisonFindings(Findings):
    """Where labels look changed together: by somebody, by a tool, or since it is a kind of its own."""

    rows: int = Field(description="that were looked at")
    regions: tuple[OddRegion, ...] = Field((), description="the surest first")
    unlearnable: tuple[UnlearnableCluster, ...] = Field((), description="the surest first")
