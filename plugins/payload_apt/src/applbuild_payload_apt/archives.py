"""Debian archives: what a kickstart's `url` and `repo` lines name, and how apt is told."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit, urlunsplit

import attrs

from applbuild import Request, Source

_ADDRESS = re.compile(r"(?P<uri>.+?)/dists/(?P<path>[^?#]+?)/*$")
# Suites of two parts: `bullseye/updates` of old, `stable/updates` still.
_SECOND_PARTS = ("updates",)
DEFAULT_COMPONENTS = ("main",)


@attrs.frozen(kw_only=True)
class Archive:
    """One suite of an archive, and what verifies it."""

    uri: str
    """Without login, and without a slash at its end."""
    suite: str
    components: tuple[str, ...] = DEFAULT_COMPONENTS
    signed_by: str = ""
    """Keyrings as sources.list(5) has them; empty for all that the host trusts."""

    def __str__(self) -> str:
        return f"{self.uri} {self.suite} {' '.join(self.components)}"


@attrs.frozen(kw_only=True)
class Login:
    """Who asks an archive; kept apart from its address, which is shown and stored."""

    place: str
    """`machine` of apt_auth.conf(5): scheme, host and path."""
    user: str
    password: str = attrs.field(repr=False)


def is_archive(url: str) -> bool:
    """Return whether *url* looks like a suite of a Debian archive."""
    return _ADDRESS.match(url) is not None


def named_archive(source: Source) -> Archive:
    """Return the archive that *source*, for which `is_archive` holds, names."""
    found = _ADDRESS.match(without_login(source.url))
    if found is None:
        raise ValueError(f"{source.url} is no Debian archive")
    suite, *components = (part for part in found["path"].split("/") if part)
    if components and components[0] in _SECOND_PARTS:
        suite = f"{suite}/{components.pop(0)}"
    return Archive(
        # apt reads the packages of a `file:` archive where they are; `copy:` brings them.
        uri=re.sub(r"^file:(//)?", "copy:", found["uri"]),
        suite=suite,
        components=tuple(components) or DEFAULT_COMPONENTS,
    )


def logins_of(request: Request) -> tuple[Login, ...]:
    """Return the logins that the addresses of *request* carry."""
    found = (login_of(source) for source in request.sources)
    return tuple(login for login in found if login)


def login_of(source: Source) -> Login | None:
    """Return the login that the address of *source* carries, if it does."""
    parts = urlsplit(source.url)
    if parts.username is None:
        return None
    bare = urlsplit(without_login(source.url))
    path = bare.path.partition("/dists/")[0]
    return Login(
        place=f"{bare.scheme}://{bare.netloc}{path}/",
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
    )


def without_login(url: str) -> str:
    """Return *url* as it may be shown."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def as_sources(archives: tuple[Archive, ...]) -> str:
    """Return *archives* as apt reads them, one stanza each (sources.list(5), deb822)."""
    stanzas = []
    for archive in archives:
        lines = [
            "Types: deb",
            f"URIs: {archive.uri}/",
            f"Suites: {archive.suite}",
            f"Components: {' '.join(archive.components)}",
        ]
        if archive.signed_by:
            # A key itself, not the name of its file, begins on a line of its own.
            separator = "\n " if "\n" in archive.signed_by else " "
            lines.append(f"Signed-By:{separator}{archive.signed_by}")
        stanzas.append("\n".join(lines) + "\n")
    return "\n".join(stanzas)


def as_logins(logins: tuple[Login, ...]) -> str:
    """Return *logins* as apt reads them (apt_auth.conf(5))."""
    return "".join(
        f"machine {login.place} login {login.user} password {login.password}\n" for login in logins
    )
