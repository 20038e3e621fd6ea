"""Fedora and its kin as the payload: chosen by the host's dnf, installed by the system's rpm."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

from applbuild import (
    BackendInfo,
    Claim,
    Host,
    Needs,
    PackageName,
    Plan,
    Problem,
    Progress,
    Request,
    Resolution,
    Run,
    Tool,
    Tree,
    hookimpl,
    load_record,
    make_initramfs,
    write_file,
)
from applbuild_payload_dnf.dnf import COMMANDS
from applbuild_payload_dnf.fetching import fetch
from applbuild_payload_dnf.image_repositories import write_repository
from applbuild_payload_dnf.logins import without_login
from applbuild_payload_dnf.options import DnfOptions
from applbuild_payload_dnf.record import Record
from applbuild_payload_dnf.repositories import SETTINGS, is_repository
from applbuild_payload_dnf.resolution import resolve
from applbuild_payload_dnf.rpm import install
from applbuild_payload_dnf.signatures import keys_of
from applbuild_payload_dnf.traces import remove_traces

_ARCHITECTURES = ("x86_64", "aarch64")
_REPOSITORIES = ("noverifyssl", "proxy", "install", "ignoregroups")
_PACKAGES = (
    *("default", "exclude-weakdeps", "excludedocs", "ignorebroken", "ignoremissing", "inst-langs"),
    *("multilib", "nocore", "nodefaults", "optional", "retries", "timeout"),
)
_NEEDS = (
    # What is needed, the names that take its place, and why.
    ("kernel", ("kernel*",), "the kernel"),
    ("systemd", (), "the first process of the system"),
    ("systemd-udev", (), "finds the machine's devices"),
    ("dracut", (), "makes the initramfs, which finds the root filesystem"),
    ("rpm", (), "installs the packages, and keeps the record of them"),
    ("shadow-utils", (), "makes accounts"),
)


@hookimpl
def applbuild_info() -> BackendInfo:
    """Return what this backend is."""
    return BackendInfo(
        summary="Fedora and its kin from repositories of RPM packages (url --url=ADDRESS)",
        api=1,
        tools=(
            Tool("dnf", deb="dnf", rpm="dnf", others=COMMANDS[:-1]),
            Tool("rpm", deb="rpm", rpm="rpm"),
            Tool("rpmkeys", deb="rpm", rpm="rpm"),
            Tool("rpm2archive", deb="rpm2cpio", rpm="rpm"),
            Tool("tar", deb="tar", rpm="tar"),
        ),
        options=DnfOptions,
        kickstart_options=(*SETTINGS, *_PACKAGES, *_REPOSITORIES, "module"),
    )


@hookimpl
def applbuild_claim(request: Request, host: Host) -> Claim:
    """Repositories fit; so does a request without any source on a host of this kind."""
    if not request.sources:
        return Claim.FITS if _has_own_repositories(host) else Claim.NONE
    return Claim.FITS if all(map(is_repository, request.sources)) else Claim.NONE


def _has_own_repositories(host: Host) -> bool:
    is_kin = not {"fedora", "rhel", "centos"}.isdisjoint(host.family)
    return is_kin and any(map(host.has, COMMANDS))


@hookimpl
def applbuild_check(request: Request, host: Host) -> tuple[Problem, ...]:
    """Return which sources are no repositories, and what this host cannot do."""
    problems = []
    if request.architecture != host.architecture or request.architecture not in _ARCHITECTURES:
        problems.append(
            Problem(message=f"{request.architecture} packages cannot be installed on this host")
        )
    problems += [
        Problem(
            message=f"{source.command} {without_login(source.url)} is no RPM repository",
            place=source.place,
        )
        for source in request.sources
        if not is_repository(source)
    ]
    return tuple(problems)


@hookimpl
def applbuild_needs(request: Request) -> Needs:
    """Want a kernel, an init and what finds the disks, where the kickstart names none itself."""
    wanted = [package.name for package in request.packages.wanted]
    names = tuple(
        PackageName(name=name, reason=reason)
        for name, others, reason in _NEEDS
        if not any(fnmatchcase(chosen, other) for chosen in wanted for other in others)
    )
    return Needs(packages=(("rpm", names),))


@hookimpl
def applbuild_resolve(
    request: Request, needs: Needs, options: DnfOptions, cache: Path, run: Run, progress: Progress
) -> Resolution:
    """Return the exact packages that the repositories have for *request* and *needs*."""
    return resolve(request, needs, options, cache, run, progress)


@hookimpl
def applbuild_fetch(
    request: Request,
    resolution: Resolution,
    options: DnfOptions,
    cache: Path,
    run: Run,
    progress: Progress,
) -> Resolution:
    """Bring the packages into *cache*, verified; the newest says how new the software is."""
    return fetch(request, resolution, options, cache, run, progress)


@hookimpl
def applbuild_populate(
    plan: Plan, tree: Tree, options: DnfOptions, cache: Path, run: Run, progress: Progress
) -> Tree:
    """Install the plan's packages into *tree*, without network and without a trace of this host."""
    record = load_record(Record, plan.resolution.digest, cache)
    files = dict(record.files)
    chosen = [Path(files[row.full_name]) for row in record.rows]
    install(chosen, tree, run, progress, has_docs=record.has_docs, languages=record.languages)
    for repository in record.repositories:
        if repository.is_kept:
            write_repository(repository, keys_of(repository, options), tree)
    for module in record.modules:
        write_file(tree, f"/etc/dnf/modules.d/{module.name}.module", module.as_text())
    remove_traces(tree)
    return tree


@hookimpl
def applbuild_make_initramfs(plan: Plan, tree: Tree, options: DnfOptions, run: Run) -> Tree:
    """Make the initramfs that the options ask for."""
    return make_initramfs(plan, tree, run, is_generic=options.initramfs == "distribution")
