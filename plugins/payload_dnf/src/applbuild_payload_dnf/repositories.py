"""Repositories: what `url` and `repo` lines and .repo files say, and how dnf is told."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import attrs

from applbuild import KickstartError, Place, Source
from applbuild_payload_dnf.logins import SECRETS, split_login, without_login

_KINDS = ("baseurl", "mirrorlist", "metalink")
_FILE_SETTINGS = ("sslcacert", "sslclientcert", "sslclientkey")
_NUMBERS = ("cost", "priority")
_LISTS = ("includepkgs", "excludepkgs")
SETTINGS = ("mirrorlist", "metalink", *_NUMBERS, *_LISTS, *_FILE_SETTINGS)
"""Options of the kickstart that dnf.conf(5) calls by the same names."""


@attrs.frozen(kw_only=True)
class Repository:
    """One repository as dnf.conf(5) describes it."""

    name: str
    settings: tuple[tuple[str, str], ...] = attrs.field(repr=False)
    keys: tuple[str, ...] = ()
    """Files of the keys that it names itself (`gpgkey`)."""
    is_kept: bool = False
    """Whether the installed system is to know it (`repo --install`)."""
    has_groups: bool = True
    """Whether its groups are used (`repo --ignoregroups`)."""
    place: Place | None = None

    @property
    def address(self) -> str:
        """Where it lies, without a login, for messages."""
        said = dict(self.settings)
        return next((without_login(said[kind]) for kind in _KINDS if kind in said), self.name)

    def local_paths(self, variables: Iterable[tuple[str, str]]) -> tuple[Path, ...]:
        """Return the folders of this host that hold it, if some do."""
        urls = expanded(dict(self.settings).get("baseurl", ""), variables).replace(",", " ").split()
        parts = (urlsplit(url) for url in urls)
        return tuple(Path(unquote(p.path)) for p in parts if p.scheme in ("", "file") and p.path)


def expanded(text: str, variables: Iterable[tuple[str, str]]) -> str:
    """Return *text* with *variables* (`$basearch`, `${releasever}`) in place."""
    known = dict(variables)
    # dnf.conf(5): names are letters, digits and underscores; unknown ones stay.
    return re.sub(
        r"\$(?:\{(\w+)\}|(\w+))", lambda found: known.get(found[1] or found[2], found[0]), text
    )


def is_said(options: Iterable[tuple[str, str]], name: str) -> bool:
    """Return whether the switch *name* is among *options* of the kickstart, and not turned off."""
    return dict(options).get(name, "no").lower() not in ("no", "false", "off", "0")


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
    for key in _NUMBERS:
        if not said.get(key, "0").isdecimal():
            raise KickstartError(f"{source.command} --{key} is no number", place=source.place)
    said |= {key: said[key].removeprefix("file://") for key in _FILE_SETTINGS if key in said}
    said |= {key: said[key].replace(",", " ") for key in _LISTS if key in said}
    if "noverifyssl" in options:
        said["sslverify"] = "0"
    said = _without_logins(said, options.get("proxy", ""))
    return Repository(
        name=name,
        settings=tuple(said.items()),
        is_kept="install" in options,
        has_groups=not is_said(source.options, "ignoregroups"),
        place=source.place,
    )


def _without_logins(said: dict[str, str], proxy: str) -> dict[str, str]:
    """Return the settings *said* and those of *proxy*, with logins that dnf shows to nobody.

    *proxy* is `[SCHEME://][USER[:PASSWORD]@]HOST[:PORT]`.
    """
    said = dict(said)
    if proxy:
        address = proxy if "://" in proxy else f"http://{proxy}"
        said["proxy"], login = split_login(address, "proxy_")
        said |= login
    if "baseurl" in said:
        # Mirrors of a list, other people's servers, are not to be given its login.
        said["baseurl"], login = split_login(said["baseurl"])
        said |= login
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


def without_secrets(repository: Repository) -> Repository:
    """Return *repository* as it may be kept: without logins."""
    kept = ((k, without_login(v)) for k, v in repository.settings if k not in SECRETS)
    return attrs.evolve(repository, settings=tuple(kept))


def as_text(repository: Repository) -> str:
    """Return *repository* as a section of a .repo file; its packages are verified by us."""
    ours = {"enabled": "1", "gpgcheck": "0", "repo_gpgcheck": "0", "skip_if_unavailable": "0"}
    said = {"name": repository.name, **dict(repository.settings), **ours}
    return "\n".join((f"[{repository.name}]", *(f"{k}={v}" for k, v in said.items()), ""))


def as_kept_text(repository: Repository, key: str) -> str:
    """Return *repository* as the installed system is to have it: without logins, verified.

    Certificates and keys of a client lie on the building host.
    """
    said = {"name": repository.name, **dict(without_secrets(repository).settings)}
    said = {name: value for name, value in said.items() if name not in _FILE_SETTINGS}
    verified = {"gpgcheck": "1", "gpgkey": key} if key else {"gpgcheck": "0"}
    lines = (f"{name}={value}" for name, value in {**said, "enabled": "1", **verified}.items())
    return "\n".join((f"[{repository.name}]", *lines, ""))
