"""Users and passwords in addresses: where they may stand, and where nobody may see them."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

# A password may hold an @ of its own; what follows the last one is the host (RFC 3986, 3.2).
_LOGIN = re.compile(r"(?<=://)[^/\s]*@")
SECRETS = ("username", "password", "proxy_username", "proxy_password")
"""Settings of dnf.conf(5) that are, or belong to, a login."""


def without_login(text: str) -> str:
    """Return *text*, one address or several, without users and passwords."""
    return _LOGIN.sub("", text)


def split_login(url: str, prefix: str = "") -> tuple[str, dict[str, str]]:
    """Return *url* without its login, and that as settings of dnf.conf(5)."""
    parts = urlsplit(url)
    said = {}
    if parts.username:
        said[f"{prefix}username"] = unquote(parts.username)
    if parts.password:
        said[f"{prefix}password"] = unquote(parts.password)
    return without_login(url), said
