"""From a request to the exact packages."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from pathlib import Path

import attrs

from applbuild import (
    KickstartError,
    Needs,
    Package,
    Progress,
    Ran,
    Request,
    Resolution,
    Run,
    ToolError,
)
from applbuild_payload_dnf import dnf as dnfs
from applbuild_payload_dnf.comps import read_comps
from applbuild_payload_dnf.dnf import Dnf, Row, Sizes, Wanted, private_dnf
from applbuild_payload_dnf.options import DnfOptions
from applbuild_payload_dnf.record import Record, load_record, save_record
from applbuild_payload_dnf.repositories import (
    Repository,
    named_repositories,
    read_repositories,
)
from applbuild_payload_dnf.selection import Offer, Wish, missing, wishes
from applbuild_payload_dnf.signatures import keys_of, refuse_unverified
from applbuild_payload_dnf.store import digest_of, download, locate, newest_seconds, sha256_of

_HOST_REPOSITORIES = Path("/etc/yum.repos.d")
_REASONS = {"dependency": "dependency", "recommended": "recommended by another package"}
_PASSED_ON = {"timeout": "timeout", "retries": "retries"}


def resolve(
    request: Request, needs: Needs, options: DnfOptions, cache: Path, run: Run, progress: Progress
) -> Resolution:
    """Return the exact packages for *request* and *needs*, and keep in *cache* what they come from.

    Raises:
        KickstartError: a repository, a key or a package cannot be had.
    """
    wanted = _wanted(request, options)
    for repository in wanted.repositories:
        keys_of(repository, options)
    with private_dnf(wanted, cache, run) as dnf:
        offer = _offer(dnf, wanted)
        asked = wishes(request, needs, offer, progress)
        chosen = _choose(dnf, asked, request, offer, progress)
        known = dnfs.sizes(dnf, chosen)
    packages = tuple(_packages(chosen, known, asked))
    said = dict(request.packages.options)
    record = Record(
        repositories=wanted.repositories,
        releasever=wanted.releasever,
        rows=chosen,
        settings=wanted.settings,
        has_docs=said.get("excludedocs", "no") == "no",
        languages=said.get("inst-langs"),
    )
    digest = digest_of({row.full_name: row.repository for row in chosen}, _manner(record))
    save_record(record, digest, cache)
    return Resolution(
        packages=packages,
        installed_bytes=sum(package.installed_bytes for package in packages),
        digest=digest,
        summary=_summary(wanted),
    )


def fetch(
    resolution: Resolution, options: DnfOptions, cache: Path, run: Run, progress: Progress
) -> Resolution:
    """Bring the packages into *cache*, verified, and return *resolution* with what they say.

    Raises:
        KickstartError: one is not signed as it must be.
        HostError: one cannot be downloaded.
    """
    record = load_record(resolution.digest, cache)
    wanted = Wanted(
        repositories=record.repositories, releasever=record.releasever, settings=record.settings
    )
    with private_dnf(wanted, cache, run) as dnf:
        download(dnf, record.rows)
        files = locate(dnf, record.rows, record.repositories, record.releasever)
    by_repository: dict[str, tuple[Path, ...]] = {}
    for row in record.rows:
        former = by_repository.get(row.repository, ())
        by_repository[row.repository] = (*former, files[row.full_name])
    refuse_unverified(by_repository, record.repositories, options, run)
    checksums = {name: sha256_of(file) for name, file in files.items()}
    record = attrs.evolve(record, files=tuple((name, str(file)) for name, file in files.items()))
    digest = digest_of(checksums, _manner(record))
    save_record(record, digest, cache)
    total = sum(package.download_bytes for package in resolution.packages)
    progress.advance(total, total)
    return attrs.evolve(
        resolution,
        packages=tuple(
            attrs.evolve(package, sha256=checksums[row.full_name])
            for package, row in zip(resolution.packages, record.rows, strict=True)
        ),
        newest_seconds=newest_seconds(tuple(files.values()), run),
        digest=digest,
    )


def _manner(record: Record) -> list[object]:
    """Return what decides, besides the packages, what is installed."""
    kept = [(item.name, item.address) for item in record.repositories if item.is_kept]
    return [record.has_docs, record.languages, kept]


def _wanted(request: Request, options: DnfOptions) -> Wanted:
    repositories = (
        *named_repositories(request.sources),
        *read_repositories(options.repofile),
    )
    if not repositories:
        repositories = read_repositories(sorted(_HOST_REPOSITORIES.glob("*.repo")))
    if not repositories:
        raise KickstartError(
            "the kickstart names no repository, and this host has none of its own",
            hint="add: url --url=http://mirror.example.org/releases/41/Everything/x86_64/os",
        )
    said = dict(request.packages.options)
    settings = {name: said[key] for key, name in _PASSED_ON.items() if key in said}
    if said.get("exclude-weakdeps", "no") != "no":
        settings["install_weak_deps"] = "0"
    if said.get("multilib", "no") != "no":
        settings["multilib_policy"] = "all"
    return Wanted(
        repositories=repositories,
        releasever=_releasever(options, repositories),
        settings=tuple(settings.items()),
    )


def _releasever(options: DnfOptions, repositories: tuple[Repository, ...]) -> str:
    """Return what `$releasever` stands for: as the options say, else as on an RPM host."""
    if options.releasever:
        return options.releasever
    host = platform.freedesktop_os_release()
    family = {host.get("ID", ""), *host.get("ID_LIKE", "").split()}
    if family & {"fedora", "rhel", "centos"}:
        return host.get("VERSION_ID", "")
    for repository in repositories:
        if any(re.search(r"\$\{?releasever", value) for _, value in repository.settings):
            raise KickstartError(
                f"the address of the repository {repository.name} has $releasever, and nothing "
                "says which release is meant",
                place=repository.place,
                hint="--payload dnf,releasever=41, or write it into the address",
            )
    return "none"


def _offer(dnf: Dnf, wanted: Wanted) -> Offer:
    try:
        names = dnfs.available(dnf)
    except ToolError as error:
        raise _unreachable(error.tail, wanted) from None
    return Offer(names=names, comps=read_comps(dnfs.cached_folders(dnf), dnf.run))


def _unreachable(said: str, wanted: Wanted) -> KickstartError:
    named = re.search(r"for (?:repo|repository) ['\"]?([\w.-]+)", said)
    repository = next(
        (item for item in wanted.repositories if named and item.name == named[1]),
        wanted.repositories[0],
    )
    last = next((line for line in said.splitlines() if "rror" in line), said)
    return KickstartError(
        f"the repository {repository.name} ({repository.address}) cannot be read: {last.strip()}",
        place=repository.place,
    )


def _choose(
    dnf: Dnf, asked: tuple[Wish, ...], request: Request, offer: Offer, progress: Progress
) -> tuple[Row, ...]:
    excluded = tuple(p.name for p in request.packages.unwanted if not p.name.startswith("@"))
    said = dict(request.packages.options)
    is_lenient = said.get("ignoremissing", "no") != "no"
    words = ["--skip-broken"] if said.get("ignorebroken", "no") != "no" else []
    by_name = {wish.name: wish for wish in asked}
    while True:
        ran = dnfs.choose(dnf, tuple(by_name), excluded, *words)
        found = dnfs.rows(ran.stdout)
        absent = _absent(ran, by_name)
        if absent and not is_lenient:
            raise missing(absent[0], offer)
        if absent:
            for wish in absent:
                error = missing(wish, offer)
                progress.remark(f"{error.place}: left out: {error.message}", is_warning=True)
                del by_name[wish.name]
            continue
        if not found:
            raise KickstartError(f"dnf cannot install what is asked for:\n{_complaint(ran)}")
        return found


def _absent(ran: Ran, by_name: dict[str, Wish]) -> list[Wish]:
    """Return the wishes that dnf found nothing for."""
    names = re.findall(r"No match for argument: (.+)", ran.stdout + ran.stderr)
    return [by_name[name.strip()] for name in dict.fromkeys(names) if name.strip() in by_name]


def _complaint(ran: Ran) -> str:
    lines = (ran.stderr.strip() or ran.stdout.strip()).splitlines()
    return "\n".join(lines[:20])


def _packages(
    chosen: tuple[Row, ...], known: dict[str, Sizes], asked: tuple[Wish, ...]
) -> Iterator[Package]:
    reasons = {wish.name: wish.reason for wish in asked}
    for row in chosen:
        size = known[f"{row.full_name}@{row.repository}"]
        yield Package(
            name=row.name,
            version=row.version,
            architecture=row.architecture,
            download_bytes=size.download_bytes,
            installed_bytes=size.installed_bytes,
            reason=reasons.get(row.name, _REASONS.get(row.kind, "the kickstart asks for it")),
        )


def _summary(wanted: Wanted) -> str:
    places = ", ".join(dict.fromkeys(item.address for item in wanted.repositories))
    weak = dict(wanted.settings).get("install_weak_deps") == "0"
    return f"{places}, {'without' if weak else 'with'} recommended packages"
