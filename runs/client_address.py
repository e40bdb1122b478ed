"""Where a request comes from, for counting who tries too often. Knows no database."""

import ipaddress
from collections.abc import Mapping
from typing import Any


def client_address(meta: Mapping[str, Any], *, behind_proxy: bool) -> str:
    """The sender's address: of IPv6 its network, of which one household has a whole one.

    Behind a proxy of ours (STUDIO_BEHIND_PROXY) the last entry of X-Forwarded-For, which that proxy wrote; earlier
    entries, and the header without a proxy, are whatever the sender likes.
    """
    text = str(meta.get("REMOTE_ADDR", ""))
    if behind_proxy:
        text = str(meta.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip() or text
    try:
        found = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return text[:100]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
