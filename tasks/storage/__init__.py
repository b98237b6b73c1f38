"""Object stores and local disks: reads by ranges, retries, conditional creates, leases, versions."""
