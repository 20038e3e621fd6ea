"""Which repositories a build uses, and what their addresses mean."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs

from applbuild import KickstartError, Request
from applbuild_payload_dnf.dnf import Wanted
from applbuild_payload_dnf.options import DnfOptions
from applbuild_payload_dnf.repositories import (
    Repository,
    expanded,
    is_said,
    named_repositories,
    read_repositories,
)

_HOST_REPOSITORIES = Path("/etc/yum.repos.d")
_HOST_VARIABLES = (Path("/etc/yum/vars"), Path("/etc/dnf/vars"))
_PASSED_ON = ("timeout", "retries")


def repositories_wanted(request: Request, options: DnfOptions) -> Wanted:
    """Return the repositories of the kickstart and the options, else those of this host.

    Raises:
        KickstartError: there is none, or an address needs a release and none is said.
    """
    repositories = (
        *named_repositories(request.sources),
        *read_repositories(options.repofile),
    )
    variables = {"basearch": platform.machine(), "arch": platform.machine()}
    if not repositories:
        # Their addresses may use variables that belong to them, as CentOS Stream's do.
        repositories = read_repositories(sorted(_HOST_REPOSITORIES.glob("*.repo")))
        variables |= _host_variables()
    if not repositories:
        raise KickstartError(
            "the kickstart names no repository, and this host has none of its own",
            hint="add: url --url=http://mirror.example.org/releases/41/Everything/x86_64/os",
        )
    variables["releasever"] = _releasever(options, repositories)
    return Wanted(
        repositories=tuple(_with_keys(item, variables) for item in repositories),
        variables=tuple(sorted(variables.items())),
        settings=tuple(_settings(request).items()),
    )


def _settings(request: Request) -> dict[str, str]:
    said = dict(request.packages.options)
    settings = {}
    for name in _PASSED_ON:
        if name in said:
            if not said[name].isdecimal():
                raise KickstartError(
                    f"%packages --{name}={said[name]} is no number", place=request.packages.place
                )
            settings[name] = said[name]
    if is_said(request.packages.options, "exclude-weakdeps"):
        settings["install_weak_deps"] = "0"
    if is_said(request.packages.options, "multilib"):
        settings["multilib_policy"] = "all"
    return settings


def _host_variables() -> dict[str, str]:
    files = (file for folder in _HOST_VARIABLES for file in sorted(folder.glob("[A-Za-z0-9_]*")))
    return {file.name: file.read_text(encoding="utf-8").strip() for file in files}


def _with_keys(repository: Repository, variables: Mapping[str, str]) -> Repository:
    keys = (expanded(key, variables.items()) for key in repository.keys)
    return attrs.evolve(repository, keys=tuple(keys))


def _releasever(options: DnfOptions, repositories: Iterable[Repository]) -> str:
    """Return what `$releasever` stands for: as the options say, else as on an RPM host."""
    if options.releasever:
        return options.releasever
    host = platform.freedesktop_os_release()
    family = {host.get("ID", ""), *host.get("ID_LIKE", "").split()}
    if family & {"fedora", "rhel", "centos"}:
        # Of 9.4 it is 9: the kin of RHEL have repositories for a major release.
        return host.get("VERSION_ID", "").partition(".")[0]
    for repository in repositories:
        texts = (*repository.keys, *(value for _, value in repository.settings))
        if any(re.search(r"\$\{?releasever", text) for text in texts):
            raise KickstartError(
                f"the address of the repository {repository.name} has $releasever, and nothing "
                "says which release is meant",
                place=repository.place,
                hint="--payload dnf,releasever=41, or write it into the address",
            )
    return "none"
