"""Debian and Ubuntu systems as the payload: from archives, by apt and the system's own dpkg."""

from __future__ import annotations

import platform
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

import attrs

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
    trim_cache,
)
from applbuild_payload_apt.apt import write_access
from applbuild_payload_apt.archives import is_archive, logins_of, without_login
from applbuild_payload_apt.dpkg import install
from applbuild_payload_apt.image_sources import write_sources
from applbuild_payload_apt.inflate import Deb
from applbuild_payload_apt.options import AptOptions
from applbuild_payload_apt.record import Record
from applbuild_payload_apt.resolution import ARCHITECTURES, DEPENDENCY, resolve
from applbuild_payload_apt.store import download, file_of, newest_seconds
from applbuild_payload_apt.traces import mark_dependencies, remove_traces

_COMMANDS = ("url", "repo")
_NEEDS = (
    # What is needed, the names that take its place, and why.
    (
        "linux-image-{architecture}|linux-image-generic",
        ("linux-image-*", "linux-generic*", "linux-virtual*", "linux-lowlatency*"),
        "the kernel",
    ),
    ("systemd-sysv", ("sysvinit-core", "runit-init"), "the first process of the system"),
    ("udev", (), "finds the machine's devices"),
    ("initramfs-tools", ("dracut*",), "finds the root filesystem"),
    ("zstd", (), "compresses the initramfs, and its updates"),
    ("dbus", ("dbus-broker",), "systemd's tools talk over it"),
)


@hookimpl
def applbuild_info() -> BackendInfo:
    """Return what this backend is."""
    return BackendInfo(
        summary="Debian or Ubuntu from its archives (url --url=.../dists/SUITE/COMPONENT)",
        api=1,
        tools=(
            Tool("apt-get", deb="apt", rpm="apt"),
            Tool("dpkg-deb", deb="dpkg", rpm="dpkg"),
            Tool("tar", deb="tar", rpm="tar"),
        ),
        options=AptOptions,
        kickstart_options=("excludedocs", "exclude-weakdeps", "install", "nocore"),
    )


@hookimpl
def applbuild_claim(request: Request, host: Host) -> Claim:
    """Debian archives fit; so does a request without any source on a Debian host."""
    if not request.sources:
        return Claim.FITS if _has_own_sources(host) else Claim.NONE
    if any(source.command not in _COMMANDS for source in request.sources):
        return Claim.NONE
    return Claim.FITS if any(is_archive(s.url) for s in request.sources) else Claim.NONE


def _has_own_sources(host: Host) -> bool:
    return "debian" in host.family and host.has("apt-get")


@hookimpl
def applbuild_check(request: Request, host: Host) -> tuple[Problem, ...]:
    """Return which sources are no Debian archives, and what this host cannot do."""
    problems = []
    if not request.sources and not _has_own_sources(host):
        problems.append(
            Problem(
                message="the kickstart names no archive, and this host has none of its own",
                hint="add: url --url=http://mirror.example.org/debian/dists/stable/main",
            )
        )
    if request.architecture != host.architecture or request.architecture not in ARCHITECTURES:
        problems.append(
            Problem(message=f"{request.architecture} packages cannot be installed on this host")
        )
    problems += [
        Problem(
            message=f"{source.command} {without_login(source.url)} is no Debian archive",
            place=source.place,
            hint="one is named as URL/dists/SUITE/COMPONENT",
        )
        for source in request.sources
        if not is_archive(source.url)
    ]
    return tuple(problems)


@hookimpl
def applbuild_needs(request: Request) -> Needs:
    """Want a kernel, an init and what finds the disks, where the kickstart names none itself."""
    wanted = [package.name for package in request.packages.wanted]
    architecture = ARCHITECTURES.get(request.architecture, "")
    names = [
        PackageName(name=name.format(architecture=architecture), reason=reason)
        for name, others, reason in _NEEDS
        if not any(fnmatchcase(chosen, other) for chosen in wanted for other in others)
    ]
    return Needs(packages=(("deb", tuple(names)),))


@hookimpl
def applbuild_resolve(
    request: Request, needs: Needs, options: AptOptions, cache: Path, run: Run, progress: Progress
) -> Resolution:
    """Return the exact packages that the archives have for *request* and *needs*."""
    codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    return resolve(request, needs, options, codename, cache, run, progress)


@hookimpl
def applbuild_fetch(
    request: Request, resolution: Resolution, cache: Path, run: Run, progress: Progress
) -> Resolution:
    """Bring the packages into *cache*; the newest of them says how new the software is."""
    with tempfile.TemporaryDirectory(prefix="apt-") as private:
        configuration = write_access(logins_of(request), Path(private), run)
        download(resolution.packages, configuration, cache, run, progress)
    trim_cache(cache)
    files = (file_of(package, cache) for package in resolution.packages)
    return attrs.evolve(resolution, newest_seconds=newest_seconds(files))


@hookimpl
def applbuild_populate(plan: Plan, tree: Tree, cache: Path, run: Run) -> Tree:
    """Install the plan's packages into *tree*, without network and without a trace of this host."""
    record = load_record(Record, plan.resolution.digest, cache)
    files = {package.name: file_of(package, cache) for package in plan.resolution.packages}
    debs = tuple(Deb(stanza=stanza, file=files[stanza.name]) for stanza in record.stanzas)
    install(debs, tree, run, has_docs=record.has_docs)
    write_sources(record.archives, record.keyring, tree)
    mark_dependencies(plan.resolution.packages, DEPENDENCY, ARCHITECTURES[plan.architecture], tree)
    remove_traces(tree)
    return tree


@hookimpl
def applbuild_make_initramfs(plan: Plan, tree: Tree, options: AptOptions, run: Run) -> Tree:
    """Make the initramfs that the options ask for."""
    return make_initramfs(plan, tree, run, is_generic=options.initramfs == "distribution")
