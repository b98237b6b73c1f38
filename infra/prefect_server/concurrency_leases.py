"""Leases of concurrency limits, on a Prefect server of ours: they end, also if the holder didn't end well."""

from __future__ import annotations

import os

IN_FILES = "prefect.server.concurrency.lease_storage.filesystem"  # below PREFECT_HOME


def end_leases() -> None:
    """Have the Prefect server that this process becomes free what is held by a lease that ran out.

    To be called before Prefect is imported. Prefect looks for such leases, but not on a server without
    schedules; and it keeps leases in memory, so that after a restart nobody knows of what the database says
    is held.
    """
    os.environ.setdefault("PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE", IN_FILES)
    from prefect.server.services.perpetual_services import get_perpetual_services
    from prefect.server.services.repossessor import monitor_expired_leases

    for service in get_perpetual_services():
        if service.function is monitor_expired_leases:
            service.run_in_ephemeral = True
