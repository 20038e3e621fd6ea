"""The archives that the host's own apt trusts for the release it runs."""

from __future__ import annotations

import re
from pathlib import Path

import attrs

from applbuild_payload_apt.archives import Archive

ETC = Path("/etc/apt")
_OWN_KEYS = re.compile(r"/(debian|ubuntu)-archive-[^/]*$")
_OWN_COMPONENTS = {
    *("main", "contrib", "non-free", "non-free-firmware"),
    *("restricted", "universe", "multiverse"),
}
_POCKETS = ("updates", "security", "backports", "proposed-updates", "proposed", "lts")
# What Debian calls its releases besides their code names.
_ALIASES = ("stable", "oldstable", "oldoldstable", "testing", "unstable", "sid")
_ONE_LINE = re.compile(
    r"deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)(?P<components>[^#]*)"
)


@attrs.frozen(kw_only=True)
class HostSources:
    """The host's archives: those of its own release, and the others, which are not used."""

    own: tuple[Archive, ...]
    others: tuple[Archive, ...]


def read_host_sources(codename: str, architecture: str, etc: Path = ETC) -> HostSources:
    """Return the archives of /etc/apt; *codename* is the host's release, *architecture* dpkg's."""
    found: list[Archive] = []
    for file in (etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))):
        if file.suffix in (".list", ".sources") and file.is_file():
            text = file.read_text(encoding="utf-8", errors="replace")
            parse = parse_stanzas if file.suffix == ".sources" else parse_lines
            found += parse(text.replace("$(ARCH)", architecture))
    found = list(dict.fromkeys(found))
    of_release = [archive for archive in found if _is_of_release(archive, codename)]
    own = [archive for archive in of_release if _is_signed_by_distribution(archive)]
    # A company's own mirror is signed by the company: it will do where nothing else is.
    own = own or of_release
    return HostSources(
        own=tuple(own), others=tuple(archive for archive in found if archive not in own)
    )


def parse_lines(text: str) -> list[Archive]:
    """Return the archives of *text* in the one-line style of sources.list(5)."""
    found = []
    for line in text.splitlines():
        match = _ONE_LINE.match(line.strip())
        if match is None or match["suite"].endswith("/"):
            continue  # a comment, deb-src, or a flat archive, which is no distribution's
        options = dict(
            pair.split("=", 1) for pair in (match["options"] or "").split() if "=" in pair
        )
        found.append(
            Archive(
                uri=_bare(match["uri"]),
                suite=match["suite"],
                components=tuple(match["components"].split()),
                signed_by=options.get("signed-by", "").replace(",", " "),
            )
        )
    return found


def parse_stanzas(text: str) -> list[Archive]:
    """Return the archives of *text* in the deb822 style of sources.list(5)."""
    found = []
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", "\n".join(lines)):
        fields = {
            name.lower(): value.strip()
            for name, value in re.findall(r"^(\S+):((?:.*)(?:\n[ \t].*)*)", stanza, re.MULTILINE)
        }
        if "deb" not in fields.get("types", "").split() or fields.get("enabled") == "no":
            continue
        found += [
            Archive(
                uri=_bare(uri),
                suite=suite,
                components=tuple(fields.get("components", "").split()),
                signed_by=fields.get("signed-by", ""),
            )
            for uri in fields.get("uris", "").split()
            for suite in fields.get("suites", "").split()
            if not suite.endswith("/")
        ]
    return found


def _bare(uri: str) -> str:
    return re.sub(r"^file:(//)?", "copy:", uri.rstrip("/"))


def _is_of_release(archive: Archive, codename: str) -> bool:
    release, dash, pocket = re.sub("/", "-", archive.suite).partition("-")
    is_pocket = not dash or any(pocket.startswith(known) for known in _POCKETS)
    return (
        (release == codename or release in _ALIASES)
        and is_pocket
        and set(archive.components) <= _OWN_COMPONENTS
    )


def _is_signed_by_distribution(archive: Archive) -> bool:
    return not archive.signed_by or all(
        _OWN_KEYS.search(keyring) for keyring in archive.signed_by.split()
    )
