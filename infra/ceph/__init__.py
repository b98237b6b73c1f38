"""A real S3 server on this machine: Ceph's gateway, from Debian's packages."""
