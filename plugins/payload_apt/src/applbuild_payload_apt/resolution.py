"""From a request to the exact packages."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from urllib.parse import unquote

import attrs

from applbuild import (
    HostError,
    KickstartError,
    Needs,
    Package,
    Progress,
    Request,
    Resolution,
    Run,
    save_record,
)
from applbuild_payload_apt.apt import Wanted, available, choose, private_apt, update
from applbuild_payload_apt.archives import Archive, logins_of, named_archive
from applbuild_payload_apt.host_sources import read_host_sources
from applbuild_payload_apt.index import Index, Stanza
from applbuild_payload_apt.options import AptOptions
from applbuild_payload_apt.record import Record
from applbuild_payload_apt.selection import Wish, wishes

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""The core's names of architectures, and dpkg's."""
DEPENDENCY = "dependency"
"""The reason of packages that nobody asked for."""
_KIB = 1024


def resolve(
    request: Request,
    needs: Needs,
    options: AptOptions,
    codename: str,
    cache: Path,
    run: Run,
    progress: Progress,
) -> Resolution:
    """Return the exact packages for *request* and *needs*, and keep in *cache* what they come from.

    *codename* is the host's release, whose own archives are used where the
    kickstart names none.

    Raises:
        KickstartError: an archive or a package cannot be had.
        HostError: the keyring of the options is not there.
    """
    wanted = _wanted(request, options, codename, progress)
    with private_apt(wanted, cache, run) as apt:
        origins = update(apt, wanted.archives, progress)
        index = available(apt)
        asked = wishes(request, needs, index)
        chosen = choose(apt, tuple(wish.name for wish in asked))
    stanzas = [_stanza(address, file, index) for address, file in chosen]
    packages = tuple(
        _package(stanza, address, asked)
        for stanza, (address, _) in zip(stanzas, chosen, strict=True)
    )
    record = Record(
        archives=tuple(origins.items()),
        stanzas=tuple(stanza.reduced() for stanza in stanzas),
        keyring=options.keyring,
        has_docs=dict(request.packages.options).get("excludedocs", "no") == "no",
    )
    digest = _digest(packages, record)
    save_record(record, digest, cache)
    return Resolution(
        packages=packages,
        installed_bytes=sum(package.installed_bytes for package in packages),
        digest=digest,
        summary=_summary(wanted.archives, options),
    )


def _wanted(request: Request, options: AptOptions, codename: str, progress: Progress) -> Wanted:
    architecture = ARCHITECTURES[request.architecture]
    archives = tuple(dict.fromkeys(named_archive(source) for source in request.sources))
    if not archives:
        sources = read_host_sources(codename, architecture)
        archives = sources.own
        for other in sources.others:
            progress.remark(f"not used, as it is not of {codename} itself: {other}")
    if not archives:
        raise KickstartError(
            "the kickstart names no archive, and apt of this host knows none of its release",
            hint="add: url --url=http://mirror.example.org/debian/dists/stable/main",
        )
    keyring = Path(options.keyring) if options.keyring else None
    if keyring and not keyring.is_file():
        raise HostError(f"there is no keyring {keyring}")
    return Wanted(
        archives=archives,
        architecture=architecture,
        logins=logins_of(request),
        keyring=keyring,
        has_recommends=options.recommends,
        unwanted=tuple(p.name for p in request.packages.unwanted if not p.name.startswith("@")),
        versions=tuple(
            (name, version)
            for name, equals, version in (p.name.partition("=") for p in request.packages.wanted)
            if equals
        ),
    )


def _stanza(address: str, file: str, index: Index) -> Stanza:
    """Return the package that *file* (`name_version_architecture.deb`) at *address* is."""
    name, version, _ = unquote(file).split("_", 2)
    stanza = index.stanzas[name]
    if stanza.field("Version") != version or not stanza.field("SHA256"):
        raise KickstartError(
            f"{unquote(address)} is not what the index of its archive says ({name})"
        )
    return stanza


def _package(stanza: Stanza, address: str, asked: tuple[Wish, ...]) -> Package:
    reasons = {wish.name: wish.reason for wish in asked}
    return Package(
        name=stanza.name,
        version=stanza.field("Version"),
        architecture=stanza.field("Architecture"),
        download_bytes=int(stanza.field("Size")),
        installed_bytes=int(stanza.field("Installed-Size") or 0) * _KIB,
        url=address,
        sha256=stanza.field("SHA256"),
        reason=reasons.get(stanza.name, DEPENDENCY),
    )


def _digest(packages: tuple[Package, ...], record: Record) -> str:
    form = [sorted(package.sha256 for package in packages), attrs.asdict(record)]
    return hashlib.sha256(json.dumps(form, sort_keys=True).encode()).hexdigest()


def _summary(archives: tuple[Archive, ...], options: AptOptions) -> str:
    suites = ", ".join(dict.fromkeys(archive.suite for archive in archives))
    places = ", ".join(dict.fromkeys(archive.uri for archive in archives))
    what = "with" if options.recommends else "without"
    return f"{suites} from {places}, {what} recommended packages"
