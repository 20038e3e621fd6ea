"""Folders that a build works in: locked while it lives, removed by whoever comes after it.

The output is made beside its target and swapped in whole: either all of it is
there, or nothing is.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import glob
import os
import secrets
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from applbuild import kernel, namespace
from applbuild.errors import HostError, UsageError
from applbuild.manifest import MANIFEST, delivered, is_ours
from applbuild.room import Bind, Room

_MARK = "applbuild-staging"
_FORMER = "-former"
_WORK_MARK = "applbuild-work"
# https://bford.info/cachedir/ : backups and archivers leave such a folder out.
_CACHE_MARK = "CACHEDIR.TAG"
_CACHE_TEXT = "Signature: 8a477f597d28d172789f06886806bc55\n# Packages that applbuild keeps.\n"
_STALE = Path("/applbuild/stale")


@contextmanager
def staged_output(target: Path) -> Iterator[Path]:
    """Give a new folder beside *target* that takes its place if all goes well, else vanishes.

    Raises:
        UsageError: *target* is there and not an earlier output.
    """
    refuse_foreign(target)
    remove_stale_output(target.parent, target.name)
    folder, lock = _locked_folder(target.parent, f".{target.name}.{_MARK}-")
    try:
        yield folder
        _publish(folder, target)
    finally:
        with _uninterrupted():
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


@contextmanager
def work_folder(parent: Path, needed_bytes: int, free_bytes: int) -> Iterator[Path | None]:
    """Give None where *needed_bytes* fit in half of the free memory, else a new folder on disk."""
    remove_stale_work(parent)
    if needed_bytes <= free_bytes // 2:
        yield None
        return
    folder, lock = _locked_folder(parent, f"{_WORK_MARK}-{os.geteuid()}-")
    try:
        yield folder
    finally:
        with _uninterrupted():
            _remove_in_room(folder)
            os.close(lock)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let nobody who presses Ctrl-C again keep what is being removed from being removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = {number: signal.signal(number, signal.SIG_IGN) for number in namespace.SIGNALS}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def refuse_foreign(target: Path) -> None:
    """Raise UsageError unless *target* is free, or an earlier output that may be replaced."""
    if not target.parent.is_dir():
        raise UsageError(f"--output {target}: {target.parent} is not a folder")
    if not os.access(target.parent, os.W_OK):
        raise UsageError(f"--output {target}: {target.parent} cannot be written to")
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise UsageError(f"--output {target} is there, and is not a folder")
    if not target.is_dir() or not any(target.iterdir()):
        return
    if not is_ours(target):
        raise UsageError(
            f"--output {target} is there, and is no output of applbuild (by its {MANIFEST})",
            hint="name another folder, or move this one away",
        )
    others = sorted({file.name for file in target.iterdir()} - delivered(target))
    if others:
        raise UsageError(
            f"--output {target} holds what is not of applbuild: {', '.join(others)}",
            hint="move that away, or name another folder",
        )


def remove_stale_output(parent: Path, name: str = "") -> tuple[Path, ...]:
    """Remove and return the staging folders in *parent* whose build is no more."""
    pattern = f".{glob.escape(name) if name else '*'}.{_MARK}-*"
    for aside in parent.glob(f"{pattern}{_FORMER}"):
        _put_back(aside)
    return tuple(folder for folder in sorted(parent.glob(pattern)) if _removed(folder))


def remove_stale_work(parent: Path) -> tuple[Path, ...]:
    """Remove and return this user's work folders in *parent* whose build is no more."""
    found = sorted(parent.glob(f"{_WORK_MARK}-{os.geteuid()}-*"))
    return tuple(folder for folder in found if _removed(folder))


def _put_back(aside: Path) -> None:
    """Return an output to its name, if its build was killed between taking it and the new one."""
    name = aside.name.removeprefix(".").rpartition(f".{_MARK}-")[0]
    with contextlib.suppress(OSError), _one_at_a_time(aside.parent):
        if not aside.with_name(name).exists():
            aside.rename(aside.with_name(name))


def _removed(folder: Path) -> bool:
    """Remove *folder* unless its build still holds the lock; return whether it did."""
    try:
        with _one_at_a_time(folder.parent):
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            _remove_in_room(folder)
        return True
    finally:
        os.close(lock)


@contextmanager
def _one_at_a_time(parent: Path) -> Iterator[None]:
    """Let one process at a time make folders in *parent*, or look for what is stale there."""
    lock = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _remove_in_room(folder: Path) -> None:
    """Remove a folder whose files belong to subordinate ids: only the room's root can."""
    room = Room(binds=(Bind(folder, _STALE, is_writable=True),), work_bytes=1 << 20)
    namespace.call(empty, _STALE, room=room)
    with contextlib.suppress(FileNotFoundError):
        folder.rmdir()


def empty(send: object, folder: Path) -> None:
    """Remove all that is in *folder*; called in a room."""
    del send
    for item in folder.iterdir():
        if item.is_dir() and not item.is_symlink():
            shutil.rmtree(item)
        else:
            item.unlink()


def _locked_folder(parent: Path, prefix: str) -> tuple[Path, int]:
    """Return a new folder in *parent* and its lock, which ends with this process."""
    folder = parent / f"{prefix}{secrets.token_hex(6)}"
    with _one_at_a_time(parent):  # nobody takes it for stale before it is locked
        folder.mkdir(mode=0o755)
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return folder, lock


def _publish(folder: Path, target: Path) -> None:
    """Give *folder* the name *target* in one step; what had the name is left in *folder*.

    Who may read the result is for the caller's umask to say: images hold secrets.
    """
    umask = os.umask(0)
    os.umask(umask)
    folder.chmod(0o777 & ~umask)
    for file in folder.iterdir():
        file.chmod(0o666 & ~umask)
    if not target.exists():
        folder.rename(target)
        return
    try:
        kernel.exchange(folder, target)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS):
            raise
        # This file system cannot swap: the target is missing for a moment.
        aside = folder.with_name(f"{folder.name}{_FORMER}")
        with _one_at_a_time(folder.parent):
            target.rename(aside)
            folder.rename(target)
        aside.rename(folder)


def make_cache(folder: Path) -> None:
    """Make the folder of kept packages, marked as ours.

    Raises:
        UsageError: *folder* is there, and holds something else.
        HostError: it cannot be made, or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / _CACHE_MARK).exists():
            _refuse_foreign_cache(folder)
            (folder / _CACHE_MARK).write_text(_CACHE_TEXT, encoding="ascii")
    except OSError as error:
        raise HostError(
            f"packages cannot be kept in {folder}: {error.strerror}",
            hint="name another folder with --cache",
        ) from error


def remove_cache(folder: Path) -> tuple[Path, ...]:
    """Remove and return the folder of kept packages, if it is there.

    Raises:
        UsageError: it holds something else.
    """
    if not folder.is_dir():
        return ()
    if not (folder / _CACHE_MARK).exists():
        _refuse_foreign_cache(folder)
    _remove_in_room(folder)
    return (folder,)


def _refuse_foreign_cache(folder: Path) -> None:
    if any(folder.iterdir()):
        raise UsageError(
            f"--cache {folder} holds files that are not applbuild's",
            hint="name an empty folder, or one that is not there yet",
        )
