"""The SQLite database of a Prefect server of ours: one writer after the other, none refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from prefect.server.database.configurations import AioSqliteConfiguration


class OneWriter(AioSqliteConfiguration):
    """Transactions that wait for the one that writes.

    Prefect begins most as readers. One that then writes is refused at once if another wrote meanwhile
    (SQLITE_BUSY_SNAPSHOT), the answer is 503, and the client tries again after about two seconds.
    """

    @asynccontextmanager
    async def begin_transaction(self, session: Any, with_for_update: bool = False) -> AsyncIterator[Any]:
        """Enter a transaction as a writer, whatever it will do."""
        async with super().begin_transaction(session, with_for_update=True) as transaction:
            yield transaction


def wait_for_writers() -> None:
    """Have the Prefect server that this process becomes use it, if its database is SQLite."""
    from prefect.server.database.dependencies import set_database_config
    from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL

    url = PREFECT_API_DATABASE_CONNECTION_URL.value()
    if url.startswith("sqlite"):
        set_database_config(OneWriter(connection_url=url))
