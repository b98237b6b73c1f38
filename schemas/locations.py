"""Where data may be: which protocols are opened, and the storage options that each of them takes.

A config may come from somebody else. Chained URLs and other filesystems of fsspec run code, unpack archives
or fetch what they are told to; options that aren't listed choose proxies, headers, caches or credentials.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from labelworks.schemas.errors import ConfigError

LOCAL, WEB = ("file", "local"), ("http://", "https://")
ALIASES = {"s3a": "s3", "gcs": "gs", "abfs": "az", "abfss": "az", "https": "http"}
CHAIN = re.compile(r"[a-z][a-z0-9+.-]*::")
HOSTS = "LABELWORKS_STORE_HOSTS"
Names = Mapping[str, Any]  # of options; of one that holds others: theirs; "*": any, of single values


def _names(text: str) -> dict[str, Any]:
    return dict.fromkeys(text.split())


_CACHES = _names("use_listings_cache listings_expiry_time max_paths skip_instance_cache")
_READS = _names("default_block_size default_fill_cache default_cache_type version_aware max_concurrency")
OPTIONS: dict[str, Names] = {
    "s3": {
        **_CACHES,
        **_READS,
        **_names("endpoint_url anon profile requester_pays use_ssl fixed_upload_size cache_regions"),
        "client_kwargs": _names("region_name endpoint_url verify use_ssl api_version"),
        "config_kwargs": {
            **_names("connect_timeout read_timeout max_pool_connections signature_version region_name"),
            **_names("request_checksum_calculation response_checksum_validation user_agent_extra"),
            **_names("tcp_keepalive use_dualstack_endpoint use_fips_endpoint"),
            "retries": _names("max_attempts total_max_attempts mode"),
            "s3": _names("addressing_style payload_signing_enabled use_accelerate_endpoint"),
        },
        "s3_additional_kwargs": _names("*"),
    },
    "gs": {
        **_CACHES,
        **_READS,
        **_names(
            "endpoint_url project access requester_pays default_location timeout consistency block_size"
        ),
    },
    "az": {
        **_CACHES,
        **_READS,
        **_names("account_name account_host anon location_mode blocksize connection_timeout read_timeout"),
        **_names("tenant_id client_id assume_container_exists"),
    },
    "http": {**_CACHES, **_names("block_size")},
}
SECRETS: dict[str, Names] = {  # from the environment or a Prefect block, never from a config
    "s3": {
        **_names("key secret token username password"),
        "client_kwargs": _names("aws_access_key_id aws_secret_access_key aws_session_token"),
    },
    "gs": {"token": {"*": {"*": {"*": None}}}},  # also as an account of another cloud writes it
    "az": _names("account_key connection_string sas_token client_secret credential"),
    "http": {},
}
VALUES = {"signature_version": ("s3v4", "s3", "v4", None)}  # others send a token instead of signing
_SERVER = r"(https?://)?[A-Za-z0-9._\[\]:-]+(/[A-Za-z0-9._/-]*)?"  # nothing that is read in two ways
FORMS = {  # of what hosts are made of
    "endpoint_url": _SERVER,
    "account_host": _SERVER,
    "account_name": r"[a-z0-9]{3,24}(-secondary)?",
    "region_name": r"[a-z0-9-]+",
    "tenant_id": r"[A-Za-z0-9.-]+",
}
AZURE = ("core.windows.net", "core.chinacloudapi.cn", "core.usgovcloudapi.net")
# A token is sent as it is: only to the cloud itself, to this machine, or where the operator says.
BEARERS = {"gs": ("endpoint_url", ("googleapis.com",)), "az": ("account_host", AZURE)}


def chained(location: str) -> bool:
    """Whether fsspec would open it through several filesystems: no file is called that."""
    if "://" in location:
        return "::" in location
    return CHAIN.match(location) is not None and not os.path.lexists(location)


def protocol_of(location: str) -> str:
    """The protocol of a location, "" of a local path; ConfigError if it is none that is opened."""
    if chained(location):
        raise ConfigError(
            "chained locations (a::b) aren't opened", where=location, fix="name the files themselves"
        )
    protocol, separator, _ = location.partition("://")
    if not separator or protocol in LOCAL:
        return ""
    if ALIASES.get(protocol, protocol) not in OPTIONS:
        raise ConfigError(
            f"{protocol!r} is no protocol that is opened",
            where=location,
            fix="use a path, s3://, gs://, az:// or, to read, https://",
        )
    return protocol


def options_for(location: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options, secrets included, that a location's filesystem gets; those of other protocols are left out.

    Raises ConfigError for one that no protocol takes, and where a token would go to who may not have it.
    """
    kind = _kind(location)
    if not kind:
        return {}
    everywhere = _merged(*OPTIONS.values(), *SECRETS.values())
    names = _merged(OPTIONS[kind], SECRETS[kind])
    own = {name: value for name, value in options.items() if name in names}
    for path, fix in (*unlisted(options, everywhere), *unlisted(own, names)):
        raise ConfigError(f"{path!r} is no storage option that is taken", where=location, fix=fix)
    _check_bearer(kind, location, own)
    return own


def config_problems(locations: Mapping[str, str], options: Mapping[str, Any], where: str) -> Iterator[str]:
    """What is wrong with locations (by their keys) that a config names, and with the options they share."""
    kinds = set()
    for key, location in locations.items():
        try:
            kinds |= {_kind(location)} - {""}
        except ConfigError as error:
            yield f"{key} can't be opened: {error.what}; {error.fix}"
        else:
            if key == "store.root" and location.startswith(WEB):
                yield f"{key} can't be written: use a path, s3://, gs:// or az://"
    for path, fix in unlisted(options, _merged(*(OPTIONS[kind] for kind in kinds or OPTIONS))):
        of = " or ".join(f"{kind}://" for kind in sorted(kinds)) or "any protocol"
        yield f"{where}.{path} is no option of {of} that a config may set: {fix}"


def unlisted(options: Mapping[str, Any], names: Names, path: str = "") -> Iterator[tuple[str, str]]:
    """Options, as dotted paths, that aren't among the names or have no value they may have; what to do."""
    for name, value in options.items():
        full = f"{path}{name}"
        inner = names.get(name, names.get("*")) if {name, "*"} & names.keys() else False
        if inner is False:
            near = get_close_matches(str(name), names, n=1)
            yield full, f"did you mean {near[0]!r}?" if near else f"choices: {', '.join(sorted(names))}"
        elif isinstance(value, Mapping) and isinstance(inner, Mapping):
            yield from unlisted(value, inner, f"{full}.")
        elif isinstance(value, Mapping | list | tuple):
            yield full, "give a single value"
        elif name in VALUES and value not in VALUES[name]:
            yield full, f"choices: {', '.join(map(str, VALUES[name][:-1]))}"
        elif name in FORMS and value is not None and not re.fullmatch(FORMS[name], str(value)):
            yield full, f"{value!r} is none"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _kind(location: str) -> str:
    protocol = protocol_of(location)
    return ALIASES.get(protocol, protocol)


def _merged(*several: Names) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for names in several:
        for name, inner in names.items():
            both = isinstance(inner, Mapping) and isinstance(merged.get(name), Mapping)
            merged[name] = _merged(merged[name], inner) if both else merged.get(name) or inner
    return merged


def _check_bearer(kind: str, location: str, options: Mapping[str, Any]) -> None:
    """Raise ConfigError where a token would be sent to a host that is nobody's who may have it."""
    option, clouds = BEARERS.get(kind, ("", ()))
    if not options.get(option) or options.get("anon") is True or options.get("token") == "anon":
        return
    value = str(options[option])
    host = urlsplit(value if "://" in value else f"//{value}").hostname or ""
    own = os.environ.get(HOSTS, "").replace(",", " ").split()
    if not (is_loopback(host) or host in own or any(f".{host}".endswith(f".{cloud}") for cloud in clouds)):
        raise ConfigError(
            f"{option} {value!r} would be sent the credentials of {location.partition('://')[0]}://",
            where=location,
            fix=f"add {host} to {HOSTS} in the environment if it may have them",
        )
