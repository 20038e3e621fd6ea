"""What is in a ready system: how much, how new, and a digest of it."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from datetime import datetime
from pathlib import Path

import attrs

from applbuild import KickstartError, Place, Run, ToolError

# How the kernel shows every owner that a user namespace does not map (user_namespaces(7)).
_OVERFLOW_ID = 65534
# A line of `tar --list --verbose --full-time`: mode, owner, size, date and time.
_LINE = re.compile(r"^.{10,11} +(\d+)/(\d+) +(\d+) (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (.*)")
# A room's root rules over so many ids.
_IDS = 65536


@attrs.frozen(kw_only=True)
class Content:
    """What a system comes to; the time is that of its newest file."""

    size_bytes: int
    newest_seconds: int
    digest: str


def look_into_archive(path: Path, place: Place | None, run: Run) -> Content:
    """Return what the tar archive at *path* holds.

    Raises:
        KickstartError: it is no archive that tar reads.
    """
    try:
        listed = run(
            ["tar", "--list", "--verbose", "--full-time", "--utc", "--numeric-owner", "-f", path]
        )
    except ToolError as error:
        raise KickstartError(f"liveimg --url=file://{path}: {error.tail}", place=place) from None
    size = newest = 0
    for line in listed.stdout.splitlines():
        match = _LINE.match(line)
        if not match:
            continue
        if max(int(match[1]), int(match[2])) >= _IDS:
            raise KickstartError(
                f"{match[5]} belongs to {match[1]}:{match[2]}: a build has the ids below {_IDS}",
                place=place,
                hint="pack the archive with other owners, e.g. tar --owner=0 --group=0",
            )
        size += int(match[3])
        newest = max(newest, int(datetime.fromisoformat(f"{match[4]}+00:00").timestamp()))
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Content(size_bytes=size, newest_seconds=newest, digest=digest)


def look_into_folder(folder: Path, place: Place | None) -> Content:
    """Return what *folder* holds; a file of other content, mode or owner is other software.

    Raises:
        KickstartError: a file in it is of another user of the host: its owner would be
            lost, or it cannot be read at all.
    """
    try:
        return _look_into_folder(folder)
    except PermissionError as error:
        raise KickstartError(
            f"{error.filename or folder} belongs to another user of this host",
            place=place,
            hint="pack the folder with tar, as the user who may read it, and name the archive",
        ) from error


def _look_into_folder(folder: Path) -> Content:
    digest = hashlib.sha256()
    size = newest = 0
    for parent, folders, files in os.walk(folder, onerror=_stop):
        folders.sort()
        for name in sorted((*folders, *files)):
            path = Path(parent, name)
            status = path.lstat()
            if _OVERFLOW_ID in (status.st_uid, status.st_gid):
                raise PermissionError(errno.EACCES, "its owner is unknown here", str(path))
            newest = max(newest, int(status.st_mtime))
            facts = (path.relative_to(folder), status.st_mode, status.st_uid, status.st_gid)
            digest.update("\0".join(map(str, facts)).encode("utf-8", "surrogateescape"))
            if path.is_symlink():
                digest.update(os.fsencode(path.readlink()))
            elif path.is_file():
                size += status.st_size
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
    return Content(size_bytes=size, newest_seconds=newest, digest=digest.hexdigest())


def _stop(error: OSError) -> None:
    raise error
