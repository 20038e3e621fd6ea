"""The build's room, seen from inside: a root of its own, put together and entered.

Run by `namespace.call` as `python -m applbuild.room READY GO EVENTS`. The room is
a user, mount, PID, IPC and UTS namespace; its root is a tmpfs that holds only
what a build needs. The kernel undoes all of it when its first process ends.
"""

from __future__ import annotations

import importlib
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import attrs

from applbuild import kernel
from applbuild.errors import HostError

WORK = Path("/applbuild/work")
"""Where the room has its work folder; unlikely to be a path of the host."""
CACHE = Path("/applbuild/cache")
"""What is kept between builds, a folder for each backend."""
OUTPUT = Path("/applbuild/output")
"""Where the files that are delivered are written."""
PROC = Path("/applbuild/proc")
"""Files that scripts see in place of those of /proc."""
SYSTEM = Path("/mnt/sysimage")
"""The installed system, as Anaconda names it for scripts."""
IDS = 65536
"""How many user and group ids a room has."""
_OLD = "/.host"
_NODES = ("null", "zero", "full", "random", "urandom", "tty")
_EMPTY = ("mnt", "root", "run", "tmp", "var/cache", "var/lib", "var/log", "var/tmp", "opt", "srv")


@attrs.frozen
class Bind:
    """A file or folder of the host that the room sees, at the same path unless `target` differs."""

    source: Path
    target: Path
    is_writable: bool = False


@attrs.frozen(kw_only=True)
class Room:
    """What a room holds besides the host's programs (read only)."""

    binds: tuple[Bind, ...] = ()
    work: Path | None = None
    """A folder of the host that appears as WORK; None for one in memory."""
    work_bytes: int = 0
    """The most that a WORK in memory may hold."""


@attrs.frozen(kw_only=True)
class Job:
    """A function to call in the room, by name, with its values."""

    room: Room
    module: str
    function: str
    values: tuple[Any, ...]
    path: tuple[str, ...]
    """sys.path, so that the room imports what the caller would."""


def _assemble(room: Room) -> None:
    """Enter a new root: the host's programs read only, private everything else, the binds."""
    kernel.make_private()
    kernel.mount("tmpfs", "/tmp", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=0755")  # noqa: S108
    Path(f"/tmp{_OLD}").mkdir()  # noqa: S108
    kernel.pivot_root("/tmp", f"/tmp{_OLD}")  # noqa: S108
    for name in _EMPTY:
        Path("/", name).mkdir(parents=True)
    for name in ("tmp", "var/tmp"):
        Path("/", name).chmod(0o1777)
    WORK.mkdir(parents=True)
    _show_programs()
    _make_devices()
    Path("/proc").mkdir()
    kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    for item in sorted(room.binds, key=lambda item: item.target.parts):
        _show(item)
    if room.work is None:
        kernel.mount("tmpfs", str(WORK), "tmpfs", 0, f"mode=0755,size={room.work_bytes}")
    else:
        _show(Bind(room.work, WORK, is_writable=True))
    kernel.detach(_OLD)
    Path(_OLD).rmdir()
    kernel.set_hostname("localhost")
    os.chdir("/")


def _show_programs() -> None:
    for name in ("usr", "etc", "bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        host, here = Path(_OLD, name), Path("/", name)
        if host.is_symlink():
            here.symlink_to(host.readlink())
        elif host.is_dir():
            _show(Bind(here, here))
    # /etc/resolv.conf is often a link into /run, which is not shown.
    resolver = Path(_OLD, "etc/resolv.conf")
    if resolver.is_symlink():
        real = Path("/etc", resolver.readlink())
        if Path(f"{_OLD}{real}").is_file():
            _show(Bind(real, real))


def _make_devices() -> None:
    Path("/dev").mkdir()
    kernel.mount("tmpfs", "/dev", "tmpfs", kernel.MS_NOSUID, "mode=0755")
    for name in _NODES:
        Path("/dev", name).touch()
        kernel.mount(f"{_OLD}/dev/{name}", f"/dev/{name}", flags=kernel.MS_BIND)
    for name in ("pts", "shm"):
        Path("/dev", name).mkdir()
    kernel.mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620")
    Path("/dev/shm").chmod(0o1777)  # noqa: S108
    Path("/dev/ptmx").symlink_to("pts/ptmx")
    Path("/dev/fd").symlink_to("/proc/self/fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        Path("/dev", name).symlink_to(f"/proc/self/fd/{number}")


def _show(item: Bind) -> None:
    source = f"{_OLD}{item.source}"
    if not item.target.exists():  # it may lie in a folder that is shown already, read only
        if Path(source).is_dir():
            item.target.mkdir(parents=True)
        else:
            item.target.parent.mkdir(parents=True, exist_ok=True)
            item.target.touch()
    kernel.bind(source, str(item.target), is_writable=item.is_writable)


def _work(events: int, assembled: int, admitted: int) -> None:
    """Be the first process of the room: do the job that stdin brings, send what comes of it."""
    kernel.die_with_parent(signal.SIGKILL)
    os.umask(0o022)
    out, alone = os.fdopen(events, "wb"), Lock()

    def send(kind: str, value: object) -> None:
        with alone:  # a command's two streams are read by a thread each
            out.write(_packed(kind, value))
            out.flush()

    # The values of a job are unpickled only once its own modules can be found.
    job: Job = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own caller wrote it
    try:
        _enter(job.room, assembled, admitted)
        function = _find(job)
        send("result", function(partial(send, "event"), *job.values))
    except Exception as error:  # noqa: BLE001 - every one of them is for the caller
        error.add_note("".join(traceback.format_exception(error)))
        send("error", error)


def _enter(room: Room, assembled: int, admitted: int) -> None:
    try:
        _assemble(room)
        _lock(assembled, admitted)
    except OSError as error:
        raise HostError(
            f"this host does not let the build's room be made: {error}",
            hint="see docs/install.md, 'User namespaces'",
        ) from error


def _lock(assembled: int, admitted: int) -> None:
    """Let nobody in the room undo it, not even its root.

    Mounts that were made in an outer user namespace keep their flags, read only
    above all, and cannot be taken away (mount_namespaces(7)).
    """
    kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS)
    os.write(assembled, b"x")
    if not os.read(admitted, 1):
        raise OSError("the ids of the room's inner namespace could not be mapped")


def _map_inner_ids(assembled: int, admitted: int) -> None:
    """Map the ids of the room's inner namespace, each to itself, once there is one."""
    if not os.read(assembled, 1):
        return
    # The kernel takes no range that spans two of the outer ones: an ordinary user's own
    # id, and the subordinate ones. This process followed the other into the room's
    # root, whose /proc calls that one 1.
    for kind in ("uid", "gid"):
        Path(f"/proc/1/{kind}_map").write_text(f"0 0 1\n1 1 {IDS - 1}\n", encoding="ascii")
    os.write(admitted, b"x")


def _find(job: Job) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(importlib.import_module(job.module), job.function)
    return function


def _packed(kind: str, value: object) -> bytes:
    try:
        return pickle.dumps((kind, value))
    except Exception as error:  # noqa: BLE001 - what cannot travel is told in words
        return pickle.dumps(("error", RuntimeError(f"{value!r} cannot leave the room: {error}")))


def main(ready: int, go: int, events: int) -> int:
    """Wait until the caller has mapped our ids, then run the job one process further down."""
    caller = os.getppid()
    kernel.die_with_parent(signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    namespaces = (
        kernel.CLONE_NEWUSER
        | kernel.CLONE_NEWNS
        | kernel.CLONE_NEWPID
        | kernel.CLONE_NEWIPC
        | kernel.CLONE_NEWUTS
    )
    kernel.unshare(namespaces)
    os.write(ready, b"x")
    if not os.read(go, 1):
        return 1  # the caller is gone, or could not map our ids
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    (told, assembled), (admitted, admit) = os.pipe(), os.pipe()
    worker = os.fork()
    if worker == 0:
        os.close(told)
        os.close(admit)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        try:
            _work(events, assembled, admitted)
        except BaseException:  # noqa: BLE001 - a child must not run on into its parent's code
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(events)
    # A death signal is lost when the ids change (prctl(2)); ask for it again, and see
    # whether the caller went away in between.
    signal.signal(signal.SIGTERM, lambda *_: os.kill(worker, signal.SIGKILL))
    kernel.die_with_parent(signal.SIGTERM)
    if os.getppid() != caller:
        os.kill(worker, signal.SIGKILL)
    os.close(assembled)
    os.close(admitted)
    _map_inner_ids(told, admit)
    _, status = os.waitpid(worker, 0)
    return os.waitstatus_to_exitcode(status) & 0xFF


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
