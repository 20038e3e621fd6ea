"""A ready system as the payload: a folder or a tar archive named by `liveimg --url=file://`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from applbuild import (
    BackendInfo,
    Claim,
    KickstartError,
    Plan,
    Problem,
    Progress,
    Request,
    Resolution,
    Run,
    Severity,
    Source,
    Tool,
    Tree,
    hookimpl,
    make_initramfs,
)
from applbuild_payload_tree.content import look_into_archive, look_into_folder

_KEEP = ("--numeric-owner", "--xattrs", "--xattrs-include=*", "--acls", "--same-owner", "-p")
_ONLY_FILES = "liveimg --url={}: only file:// is read"
# What the kernel fills when the system runs. Device nodes could not be made here either.
_LEAVE_OUT = tuple(
    f"--exclude={prefix}{name}/*" for name in ("dev", "proc", "run", "sys") for prefix in ("./", "")
)


@hookimpl
def applbuild_info() -> BackendInfo:
    """Return what this backend is."""
    return BackendInfo(
        summary="a ready system: a folder or a tar archive (liveimg --url=file://...)",
        api=1,
        tools=(Tool("tar", deb="tar", rpm="tar"),),
        kickstart_options=("checksum",),
    )


@hookimpl
def applbuild_claim(request: Request) -> Claim:
    """A `liveimg` line asks for this backend."""
    return Claim.ASKED if _sources(request) else Claim.NONE


@hookimpl
def applbuild_check(request: Request) -> tuple[Problem, ...]:
    """Return what is wrong with the `liveimg` line, and which packages nothing will install."""
    problems = []
    for source in _sources(request):
        path = source.local_path
        if path is None:
            problems.append(
                Problem(
                    message=_ONLY_FILES.format(_shown(source.url)),
                    place=source.place,
                    hint="download it first, and name the file",
                )
            )
        elif not path.is_absolute() or path == Path("/"):
            problems.append(
                Problem(
                    message=f"liveimg --url={source.url}: this names no system",
                    place=source.place,
                    hint="write a whole path: file:///path/to/system.tar",
                )
            )
        elif not (path.is_file() or path.is_dir()):
            what = "no file or folder" if path.exists() else "no such file"
            problems.append(
                Problem(message=f"liveimg --url={source.url}: {what}", place=source.place)
            )
        if path is not None and path.is_dir() and _checksum(source):
            problems.append(
                Problem(
                    message="liveimg --checksum is that of a tar, and a folder has none",
                    place=source.place,
                    hint="leave it out, or name a tar",
                )
            )
    problems += [
        Problem(
            message=f"package {name.name} cannot be added: the system comes ready, from liveimg",
            place=name.place,
        )
        for name in request.packages.wanted
        if name.place is not None
    ]
    problems += _unused(request)
    return tuple(problems)


def _unused(request: Request) -> list[Problem]:
    """Return what the kickstart says of software beside the `liveimg` line."""
    said = [
        (f"{source.command} --baseurl={_shown(source.url)}", source.place)
        for source in request.sources
        if source.command != "liveimg"
    ]
    said += [(f"%packages: -{name.name}", name.place) for name in request.packages.unwanted]
    return [
        Problem(
            message=f"{what} is not used: the system comes ready, from liveimg",
            severity=Severity.WARNING,
            place=place,
        )
        for what, place in said
    ]


def _checksum(source: Source) -> str:
    return dict(source.options).get("checksum", "").lower()


def _compare(digest: str, source: Source) -> None:
    wanted = _checksum(source)
    if wanted and wanted != digest:
        raise KickstartError(
            f"the SHA-256 of {source.local_path} is {digest}, and not that of liveimg --checksum",
            place=source.place,
            hint="it is another file than the one meant, or damaged",
        )


def _shown(url: str) -> str:
    """Return *url* without a login."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


@hookimpl
def applbuild_resolve(request: Request, run: Run) -> Resolution:
    """Return size, digest and newest time of what is in the folder or archive."""
    source = _the_source(_sources(request))
    path = source.local_path
    if path is None:
        raise KickstartError(_ONLY_FILES.format(_shown(source.url)), place=source.place)
    if path.is_dir():
        found = look_into_folder(path, source.place)
    else:
        found = look_into_archive(path, source.place, run)
        _compare(found.digest, source)
    return Resolution(
        installed_bytes=found.size_bytes,
        newest_seconds=found.newest_seconds,
        digest=found.digest,
        summary=str(path),
    )


@hookimpl
def applbuild_fetch(resolution: Resolution) -> Resolution:
    """Nothing is fetched: the system lies here already."""
    return resolution


@hookimpl
def applbuild_populate(plan: Plan, tree: Tree, cache: Path, run: Run, progress: Progress) -> Tree:
    """Unpack or copy the system into *tree*, owners and extended attributes included."""
    path = Path(plan.resolution.summary)
    if path.is_dir():
        # By way of an archive: cp(1) would stop at the first device node.
        archive = cache / f"{plan.resolution.digest}.tar"
        try:
            packing = [*_KEEP, "--anchored", *_LEAVE_OUT, "--sparse"]
            run(["tar", *packing, "-C", path, "-cf", archive, "."])
            _unpack(archive, tree, run)
        finally:
            archive.unlink(missing_ok=True)
    else:
        _unpack(path, tree, run)
    progress.advance(plan.resolution.installed_bytes, plan.resolution.installed_bytes)
    return tree


def _unpack(archive: Path, tree: Tree, run: Run) -> None:
    run(["tar", *_KEEP, "--anchored", *_LEAVE_OUT, "-C", tree.root, "-xf", archive])


@hookimpl
def applbuild_make_initramfs(plan: Plan, tree: Tree, run: Run) -> Tree:
    """Make an initramfs where the system has kernels and a tool for it."""
    return make_initramfs(plan, tree, run, is_generic=False)


def _sources(request: Request) -> tuple[Source, ...]:
    return tuple(source for source in request.sources if source.command == "liveimg")


def _the_source(sources: tuple[Source, ...]) -> Source:
    if not sources:
        raise KickstartError(
            "the tree payload needs a line like: liveimg --url=file:///path/to/system.tar"
        )
    return sources[-1]
