"""From a request to the exact packages."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from applbuild import (
    KickstartError,
    Needs,
    Package,
    Progress,
    Request,
    Resolution,
    Run,
)
from applbuild_payload_dnf.choice import (
    Row,
    Sizes,
    available,
    choose,
    refresh,
    sizes,
    transfers,
)
from applbuild_payload_dnf.comps import read_comps
from applbuild_payload_dnf.dnf import Dnf, Wanted, private_dnf
from applbuild_payload_dnf.modules import asked_streams, switch
from applbuild_payload_dnf.options import DnfOptions
from applbuild_payload_dnf.record import Record, keep
from applbuild_payload_dnf.repositories import is_said, without_secrets
from applbuild_payload_dnf.selection import Offer, Wish, is_excluded, missing, wishes
from applbuild_payload_dnf.signatures import keys_of
from applbuild_payload_dnf.sources import repositories_wanted

_REASONS = {
    "dependency": "dependency",
    "recommended": "recommended by another package",
    "profile": "part of a module",
}


def resolve(
    request: Request, needs: Needs, options: DnfOptions, cache: Path, run: Run, progress: Progress
) -> Resolution:
    """Return the exact packages for *request* and *needs*, and keep in *cache* what they come from.

    Raises:
        KickstartError: a repository, a key or a package cannot be had.
    """
    wanted = repositories_wanted(request, options)
    for repository in wanted.repositories:
        keys_of(repository, options)
    with private_dnf(wanted, cache, run) as dnf:
        trouble = refresh(dnf)
        if trouble:
            raise _unreachable(trouble, wanted)
        modules = switch(dnf, asked_streams(request))
        offer = _offer(dnf, wanted)
        asked = wishes(request, needs, offer, progress)
        _refuse_profiles(dnf, asked)
        chosen = _choose(dnf, asked, request, offer, progress)
        known = sizes(dnf, chosen)
    packages = tuple(_packages(chosen, known, asked))
    record = Record(
        repositories=tuple(map(without_secrets, wanted.repositories)),
        rows=chosen,
        modules=modules,
        has_docs=not is_said(request.packages.options, "excludedocs"),
        languages=dict(request.packages.options).get("inst-langs"),
    )
    digest = keep(record, {row.full_name: row.repository for row in chosen}, cache)
    return Resolution(
        packages=packages,
        installed_bytes=sum(package.installed_bytes for package in packages),
        digest=digest,
        summary=_summary(wanted),
    )


def _offer(dnf: Dnf, wanted: Wanted) -> Offer:
    named = (dnf.folders(item.name) for item in wanted.repositories if item.has_groups)
    return Offer(names=available(dnf), comps=read_comps(itertools.chain(*named), dnf.run))


def _unreachable(said: str, wanted: Wanted) -> KickstartError:
    named = re.search(r"for (?:repo|repository) ['\"]?([\w.-]+)", said)
    repository = next(
        (item for item in wanted.repositories if named and item.name == named[1]),
        wanted.repositories[0],
    )
    return KickstartError(
        f"the repository {repository.name} ({repository.address}) cannot be read: "
        f"{transfers(said)}",
        place=repository.place,
    )


def _choose(
    dnf: Dnf, asked: tuple[Wish, ...], request: Request, offer: Offer, progress: Progress
) -> tuple[Row, ...]:
    excluded = tuple(p.name for p in request.packages.unwanted if not p.name.startswith("@"))
    is_lenient = is_said(request.packages.options, "ignoremissing")
    words = ["--skip-broken"] if is_said(request.packages.options, "ignorebroken") else []
    by_name = {wish.name: wish for wish in asked}
    while True:
        choice = choose(dnf, tuple(by_name), excluded, *words)
        unmet = {*choice.absent, *choice.filtered}
        absent = [wish for name, wish in by_name.items() if name in unmet]
        for wish in absent:
            error = missing(wish, offer, is_filtered=wish.name in choice.filtered)
            if wish.is_needed or not is_lenient:
                raise error
            progress.remark(f"{error.place}: left out: {error.message}", is_warning=True)
            del by_name[wish.name]
        if absent and by_name:
            continue
        for row in choice.skipped:
            message = f"left out, it contradicts others: {row.full_name}\n{choice.complaint}"
            progress.remark(message, is_warning=True)
        if not choice.rows:
            raise _contradiction(choice.complaint, request)
        return choice.rows


def _contradiction(complaint: str, request: Request) -> KickstartError:
    """Return dnf's *complaint*, with the place of the exclusion that it is about, if it is."""
    left_out = re.findall(r"package (\S+)-[^-\s]+-[^-\s]+ .*is filtered out", complaint)
    to_blame = next(
        (
            item
            for item in request.packages.unwanted
            for name in left_out
            if is_excluded(name, [item])
        ),
        None,
    )
    return KickstartError(
        f"what is asked for cannot be installed:\n{complaint}",
        place=to_blame.place if to_blame else request.packages.place,
        hint=f"-{to_blame.name} leaves out what others need" if to_blame else "",
    )


def _refuse_profiles(dnf: Dnf, asked: tuple[Wish, ...]) -> None:
    """Raise where *asked* holds a module's profile and dnf cannot install one."""
    profile = next((wish for wish in asked if wish.name.startswith("@")), None)
    if profile and dnf.generation == 5:
        name, _, rest = profile.name.removeprefix("@").partition(":")
        stream = rest.partition("/")[0]
        raise KickstartError(
            f"{profile.name}: dnf 5 cannot install a module",
            place=profile.package.place,
            hint=f"write `module --name={name}{f' --stream={stream}' if stream else ''}`, and its "
            "packages by name in %packages; or build on a host with dnf 4 alone",
        )


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
