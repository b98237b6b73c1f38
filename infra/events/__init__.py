"""Events: what comes in by HTTP, queues and listings, and what Prefect is told."""
