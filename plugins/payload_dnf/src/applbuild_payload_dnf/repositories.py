"""Repositories: what `url` and `repo` lines and .repo files say, and how dnf is told."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import attrs

from applbuild import KickstartError, Place, Source

_KINDS = ("baseurl", "mirrorlist", "metalink")
_FILE_SETTINGS = ("sslcacert", "sslclientcert", "sslclientkey")
SETTINGS = ("mirrorlist", "metalink", "cost", "includepkgs", "excludepkgs", *_FILE_SETTINGS)
"""Options of the kickstart that dnf.conf(5) calls by the same names."""
_SECRETS = ("password", "proxy_password", "username", "proxy_username", "sslclientkey")


@attrs.frozen(kw_only=True)
class Repository:
    """One repository as dnf.conf(5) describes it."""

    name: str
    settings: tuple[tuple[str, str], ...] = attrs.field(repr=False)
    keys: tuple[str, ...] = ()
    """Files of the keys that it names itself (`gpgkey`)."""
    is_kept: bool = False
    """Whether the installed system is to know it (`repo --install`)."""
    place: Place | None = None

    @property
    def address(self) -> str:
        """Where it lies, without a login, for messages."""
        said = dict(self.settings)
        return next((without_login(said[kind]) for kind in _KINDS if kind in said), self.name)

    def local_path(self, releasever: str, basearch: str) -> Path | None:
        """Return the folder of this host that holds it, if one does."""
        url = dict(self.settings).get("baseurl", "")
        for name, value in (("releasever", releasever), ("basearch", basearch)):
            url = url.replace(f"${{{name}}}", value).replace(f"${name}", value)
        parts = urlsplit(url)
        return Path(unquote(parts.path)) if parts.scheme in ("", "file") and parts.path else None


def without_login(url: str) -> str:
    """Return *url* without the user and password it may hold."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def is_repository(source: Source) -> bool:
    """Return whether *source* can be one: not a suite of a Debian archive, and no tree."""
    return source.command in ("url", "repo") and not re.search(r"/dists/[^/]+", source.url)


def named_repositories(sources: Iterable[Source]) -> tuple[Repository, ...]:
    """Return the repositories of a kickstart, each with a name of its own.

    Raises:
        KickstartError: one has no address.
    """
    found: dict[str, Repository] = {}
    for source in sources:
        name = re.sub(r"[^A-Za-z0-9_.-]", "-", source.name or source.command)
        while name in found:
            name += "-2"
        found[name] = _named(source, name)
    return tuple(found.values())


def _named(source: Source, name: str) -> Repository:
    options = dict(source.options)
    said = {name: value for name, value in source.options if name in SETTINGS}
    if source.url:
        said["baseurl"] = source.url
    if not any(kind in said for kind in _KINDS):
        raise KickstartError(
            f"{source.command} {source.name or ''} has no address".replace("  ", " "),
            place=source.place,
            hint="give it --baseurl, --mirrorlist or --metalink (url: --url)",
        )
    for key in _FILE_SETTINGS:
        if key in said:
            said[key] = said[key].removeprefix("file://")
    for key in ("includepkgs", "excludepkgs"):
        if key in said:
            said[key] = said[key].replace(",", " ")
    if "noverifyssl" in options:
        said["sslverify"] = "0"
    if "proxy" in options:
        said |= _proxy(options["proxy"])
    settings = tuple(said.items())
    return Repository(
        name=name, settings=settings, is_kept="install" in options, place=source.place
    )


def _proxy(text: str) -> dict[str, str]:
    """Return what dnf calls the parts of `[SCHEME://][USER[:PASSWORD]@]HOST[:PORT]`."""
    parts = urlsplit(text if "://" in text else f"http://{text}")
    said = {"proxy": without_login(parts.geturl())}
    if parts.username:
        said["proxy_username"] = unquote(parts.username)
    if parts.password:
        said["proxy_password"] = unquote(parts.password)
    return said


def read_repositories(files: Iterable[Path]) -> tuple[Repository, ...]:
    """Return the repositories of .repo *files* that are enabled, by their ids.

    Raises:
        KickstartError: a file cannot be read as one.
    """
    found: dict[str, Repository] = {}
    for file in files:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeError, configparser.Error) as error:
            raise KickstartError(f"{file} is no file of repositories: {error}") from None
        for name in parser.sections():
            said = {key: " ".join(value.split()) for key, value in parser[name].items()}
            if name != "main" and said.get("enabled", "1").lower() in ("1", "yes", "true", "on"):
                keys = tuple(said.pop("gpgkey", "").replace(",", " ").split())
                found[name] = Repository(name=name, settings=tuple(said.items()), keys=keys)
    return tuple(found.values())


def as_text(repository: Repository) -> str:
    """Return *repository* as a section of a .repo file; its packages are verified by us."""
    ours = {"enabled": "1", "gpgcheck": "0", "repo_gpgcheck": "0", "skip_if_unavailable": "0"}
    said = {"name": repository.name, **dict(repository.settings), **ours}
    return "\n".join((f"[{repository.name}]", *(f"{k}={v}" for k, v in said.items()), ""))


def as_kept_text(repository: Repository, key: str) -> str:
    """Return *repository* as the installed system is to have it: without logins, verified."""
    said = {"name": repository.name}
    said |= {k: v for k, v in repository.settings if k not in _SECRETS}
    said |= {kind: without_login(said[kind]) for kind in _KINDS if kind in said}
    verified = {"gpgcheck": "1", "gpgkey": key} if key else {"gpgcheck": "0"}
    lines = (f"{name}={value}" for name, value in {**said, "enabled": "1", **verified}.items())
    return "\n".join((f"[{repository.name}]", *lines, ""))
