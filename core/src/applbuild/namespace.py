"""Calling a function in the build's room: root over 65536 ids, no privilege on the host.

The calling process stays outside: it owns the terminal, the signals and the
clean-up. However either side ends, the kernel takes the room down.
"""

from __future__ import annotations

import os
import pickle
import pwd
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from applbuild.errors import ApplbuildError, HostError, Interrupted
from applbuild.room import IDS, Bind, Job, Room

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends a build before its time, and leaves nothing."""

# SUB_UID_MIN of login.defs(5), where it is not set.
_FIRST_SUBORDINATE = 100_000


def call(
    function: Callable[..., Any],
    *values: Any,
    room: Room,
    on_event: Callable[[Any], None] = lambda _: None,
) -> Any:
    """Return what *function*, called in a new *room*, returns.

    The function is a module's own, takes a `send` function and then the
    *values*; what it sends comes to *on_event*. What it raises is raised here.

    Raises:
        HostError: this host does not let an ordinary user have such a room.
        Interrupted: SIGINT, SIGTERM or SIGHUP came; nothing of the room is left.
    """
    (ready, told), (wait, go), (events, sending) = os.pipe(), os.pipe(), os.pipe()
    inside = (told, wait, sending)
    # Held back until there is a child that they can end; the child lets them through again.
    former = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    with subprocess.Popen(
        [sys.executable, "-m", "applbuild.room", *map(str, inside)],
        stdin=subprocess.PIPE,
        pass_fds=inside,
        start_new_session=True,  # Ctrl-C reaches the caller alone
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as child:
        for descriptor in inside:
            os.close(descriptor)
        with _ended_by_signals(child, former), os.fdopen(events, "rb") as stream:
            try:
                _map_ids(child.pid, ready, go)
            finally:
                os.close(ready)
                os.close(go)
            assert child.stdin is not None  # noqa: S101 - asked for above
            job = Job(
                room=_with_python(room),
                module=function.__module__,
                function=function.__name__,
                values=values,
                path=tuple(sys.path),
            )
            try:
                child.stdin.write(pickle.dumps(job))
                child.stdin.close()
            except BrokenPipeError:
                pass  # it ended early; what it said decides
            kind, result = _listen(stream, on_event)
            child.wait()
    if kind == "result":
        return result
    if kind == "error":
        raise result
    raise RuntimeError(f"the build's room ended without a word ({child.returncode})")


def _map_ids(pid: int, ready: int, go: int) -> None:
    """Map the ids of the process *pid*, once it has its user namespace, and let it go on."""
    if not os.read(ready, 1):
        raise HostError(
            "this host does not allow an ordinary user a namespace of its own",
            hint="see docs/install.md, 'User namespaces'; on Ubuntu: "
            "sysctl kernel.apparmor_restrict_unprivileged_userns=0",
        )
    for kind, own in (("uid", os.geteuid()), ("gid", os.getegid())):
        _map(pid, kind, own)
    os.write(go, b"x")


def _map(pid: int, kind: str, own: int) -> None:
    if os.geteuid() == 0:
        # Root maps itself, so that both users take one path to one result.
        Path(f"/proc/{pid}/{kind}_map").write_text(f"0 0 {IDS}")
        return
    first = subordinate(kind)
    mapping = ["0", str(own), "1", "1", str(first), str(IDS - 1)]
    command = f"new{kind}map"
    try:
        done = subprocess.run(
            [command, str(pid), *mapping], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise HostError(
            f"this host has no {command}",
            hint="install the package uidmap (Debian, Ubuntu) or shadow-utils (Fedora)",
        ) from None
    if done.returncode:
        raise HostError(f"new{kind}map failed: {done.stderr.strip()}")


def subordinate(kind: str) -> int:
    """Return the first of the 65535 subordinate ids (`uid` or `gid`) this user may map.

    Raises:
        HostError: /etc/subuid or /etc/subgid gives this user too few.
    """
    name = pwd.getpwuid(os.geteuid()).pw_name
    file = Path(f"/etc/sub{kind}")
    rows = (row.strip().split(":") for row in _lines(file))
    for row in rows:
        if row[0] in (name, str(os.geteuid())) and len(row) == 3 and int(row[2]) >= IDS - 1:
            return int(row[1])
    raise HostError(
        f"{file} gives the user {name} no {IDS} subordinate ids",
        hint=f"ask an administrator: usermod --add-subuids {_free_ids('uid')} "
        f"--add-subgids {_free_ids('gid')} {name}",
    )


def _free_ids(kind: str) -> str:
    """Return a range of subordinate ids that nobody has."""
    rows = (row.strip().split(":") for row in _lines(Path(f"/etc/sub{kind}")))
    ends = [int(row[1]) + int(row[2]) for row in rows if len(row) == 3]
    first = max([_FIRST_SUBORDINATE, *ends])
    return f"{first}-{first + IDS - 1}"


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def _listen(stream: Any, on_event: Callable[[Any], None]) -> tuple[str, Any]:
    while True:
        try:
            kind, value = pickle.load(stream)  # noqa: S301 - our own child wrote it
        except (EOFError, pickle.UnpicklingError):
            return "", None  # it was killed, perhaps in the middle of a word
        if kind == "event":
            on_event(value)
        else:
            return kind, value


@contextmanager
def _ended_by_signals(
    child: subprocess.Popen[bytes], former_mask: set[signal.Signals | int]
) -> Iterator[None]:
    """Turn the signals that end a program into the end of *child* and then Interrupted.

    Only the main thread can; a worker's room ends with the worker.
    """
    received: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        del frame
        received.append(number)
        child.terminate()  # it kills the room's first process, and waits for its end

    is_main = threading.current_thread() is threading.main_thread()
    former = {number: signal.signal(number, stop) for number in SIGNALS if is_main}
    signal.pthread_sigmask(signal.SIG_SETMASK, former_mask)
    try:
        yield
    except (ApplbuildError, OSError, RuntimeError):
        if not received:
            raise
    finally:
        if child.poll() is None and sys.exc_info()[0] is not None:
            child.terminate()
        child.wait()
        for number, handler in former.items():
            signal.signal(number, handler)
    if received:
        raise Interrupted(received[0])


def _with_python(room: Room) -> Room:
    """Return *room* with this interpreter and all it imports, where they are not in /usr."""
    wanted = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).parent}
    wanted |= {Path(entry) for entry in sys.path if entry and Path(entry).exists()}
    wanted |= {path.resolve() for path in tuple(wanted)}
    outside = sorted(path for path in wanted if not path.is_relative_to("/usr"))
    binds = tuple(
        Bind(path, path)
        for path in outside
        if not any(path != other and path.is_relative_to(other) for other in outside)
    )
    return Room(binds=(*binds, *room.binds), work=room.work, work_bytes=room.work_bytes)
