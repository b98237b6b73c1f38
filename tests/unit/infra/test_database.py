"""The SQLite database of a server: a transaction that reads may still write after another one wrote."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from prefect.server.database.configurations import AioSqliteConfiguration

from labelworks.infra.prefect_server.sqlite_writer import OneWriter


async def _two_writers(config: AioSqliteConfiguration) -> list[str]:
    """One transaction reads, then writes; another writes in between. What is in the table after."""
    engine = await config.engine()
    async with engine.begin() as connection:
        await connection.execute(sa.text("CREATE TABLE said (word TEXT)"))
    read, written = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        session = await config.session(engine)
        async with session, config.begin_transaction(session):
            await session.execute(sa.text("SELECT * FROM said"))
            read.set()
            with suppress(TimeoutError):  # the other one writes now, or waits for this one
                await asyncio.wait_for(written.wait(), 0.3)
            await session.execute(sa.text("INSERT INTO said VALUES ('first')"))

    async def second() -> None:
        await read.wait()
        session = await config.session(engine)
        async with session, config.begin_transaction(session):
            await session.execute(sa.text("INSERT INTO said VALUES ('second')"))
        written.set()

    try:
        await asyncio.gather(first(), second())
        async with engine.connect() as connection:
            return list((await connection.execute(sa.text("SELECT word FROM said"))).scalars())
    finally:
        await engine.dispose()


def test_the_one_that_comes_second_waits(tmp_path: Path) -> None:
    config = OneWriter(connection_url=f"sqlite+aiosqlite:///{tmp_path}/one.db")
    assert asyncio.run(_two_writers(config)) == ["first", "second"]


def test_prefects_own_refuses_the_one_that_read_first(tmp_path: Path) -> None:
    """If this fails, Prefect has mended it, and OneWriter may go."""
    config = AioSqliteConfiguration(connection_url=f"sqlite+aiosqlite:///{tmp_path}/own.db")
    with pytest.raises(sa.exc.OperationalError, match="locked"):
        asyncio.run(_two_writers(config))
