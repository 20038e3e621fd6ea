"""The guest's room: a program of the installed system, with that system as its whole world.

Run by `Run.guest` as `python guest_room.py ORDER`, inside the build's room. The
tree becomes the root by pivot_root and the former root is detached: a chroot does
not hold a process that is root of its namespace. What the program leaves running
dies with the PID namespace.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

# This file runs by its path, without the package: it must start fast and need nothing.
_spec = importlib.util.spec_from_file_location("kernel", Path(__file__).with_name("kernel.py"))
assert _spec is not None and _spec.loader is not None  # noqa: S101, PT018
kernel = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(kernel)

_SWITCHES = ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi")
_NODES = ("null", "zero", "full", "random", "urandom", "tty")


def _enter(order: dict[str, Any]) -> None:
    """Make the tree the root, with /proc, /dev, /run and /tmp of its own; leave nothing else."""
    root: str = order["root"]
    kernel.make_private()
    kernel.mount(root, root, flags=kernel.MS_BIND | kernel.MS_REC)
    for name, mode in (("dev", "0755"), ("run", "0755"), ("tmp", "1777")):
        Path(root, name).mkdir(exist_ok=True)
        kernel.mount("tmpfs", f"{root}/{name}", "tmpfs", kernel.MS_NOSUID, f"mode={mode}")
    Path(root, "proc").mkdir(exist_ok=True)
    for name in _NODES:
        Path(root, "dev", name).touch()
        kernel.mount(f"/dev/{name}", f"{root}/dev/{name}", flags=kernel.MS_BIND)
    for name in ("pts", "shm"):
        Path(root, "dev", name).mkdir()
    for name, target in (("ptmx", "pts/ptmx"), ("fd", "/proc/self/fd")):
        Path(root, "dev", name).symlink_to(target)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        Path(root, "dev", name).symlink_to(f"/proc/self/fd/{number}")
    kernel.mount("devpts", f"{root}/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620")
    # How systemd's tools learn that they are not on a running system of their own.
    Path(root, "run/systemd").mkdir()
    Path(root, "run/systemd/container").write_text("applbuild\n", encoding="utf-8")
    for number, (path, script) in enumerate(order["stand_ins"]):
        stand_in = _write_program(root, f"/run/.stand-in-{number}", script)
        _hide(Path(root, path.lstrip("/")), stand_in)
    for path, script in order["files"]:
        _write_program(root, path, script)
    for folder, path in order["shown"]:
        place = Path(root, path.lstrip("/"))
        place.mkdir(parents=True)
        kernel.bind(folder, str(place), is_writable=False)
    if order["has_network"]:
        _lend_resolver(Path(order["resolver"]))
    kernel.mount(
        "proc", f"{root}/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    )
    _keep_to_itself(root)
    os.chdir(root)
    # The former root comes to lie over the new one (pivot_root(2), NOTES): so it needs no folder
    # in the tree, and several programs can have their rooms at a time.
    kernel.pivot_root(".", ".")
    kernel.detach(".")
    kernel.set_hostname("localhost")


def _keep_to_itself(root: str) -> None:
    """Hide the kernel's own switches, which the real root's rooms could turn for the whole host.

    The id 0 of such a room is the host's. A user namespace inside would let a
    script mount what we do not show it.
    """
    Path("/proc/sys/user/max_user_namespaces").write_text("0", encoding="ascii")
    for name in _SWITCHES:
        place = f"{root}/proc/{name}"
        if Path(place).exists():
            kernel.bind(place, place, is_writable=False)


def _write_program(root: str, path: str, script: str) -> Path:
    program = Path(root, path.lstrip("/"))
    program.write_text(script, encoding="utf-8")
    program.chmod(0o755)
    return program


def _lend_resolver(guest: Path) -> None:
    """Let the program find names as the host does; *guest* is where the system looks."""
    host = Path("/etc/resolv.conf")
    if not host.exists():
        return
    # As a rule it lies in /run, which is private and empty here.
    guest.parent.mkdir(parents=True, exist_ok=True)
    guest.touch()
    kernel.mount(str(host), str(guest), flags=kernel.MS_BIND)


def _hide(program: Path, stand_in: Path) -> None:
    if program.is_file() and not program.is_symlink():
        kernel.mount(str(stand_in), str(program), flags=kernel.MS_BIND)


def _bring_up_loopback() -> None:
    """Give the private network what every program may expect: 127.0.0.1."""
    import fcntl
    import socket
    import struct

    flags_up = 0x1 | 0x40  # IFF_UP | IFF_RUNNING
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, 0x8914, struct.pack("16sh22x", b"lo", flags_up))  # SIOCSIFFLAGS


def _first(order: dict[str, Any]) -> int:
    """Be the first process of the guest's room: run the program, wait for it, end with it."""
    kernel.die_with_parent(signal.SIGKILL)
    if not order["has_network"]:
        _bring_up_loopback()
    _enter(order)
    argv: list[str] = order["argv"]
    program = os.fork()
    if program == 0:
        # Without it nothing that _enter hid can be mounted away.
        kernel.give_up(kernel.CAP_SYS_ADMIN)
        try:
            os.execvp(argv[0], argv)
        except OSError as error:
            print(f"{argv[0]}: {error.strerror}", file=sys.stderr)  # noqa: T201
            os._exit(127)
    while True:
        pid, status = os.wait()  # orphans end here too
        if pid == program:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def main(order: dict[str, Any]) -> int:
    """Run the order's program in its room and return how it ended."""
    kernel.die_with_parent(signal.SIGKILL)
    namespaces = (
        kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
    )
    if not order["has_network"]:
        namespaces |= kernel.CLONE_NEWNET
    kernel.unshare(namespaces)
    first = os.fork()
    if first == 0:
        os._exit(_first(order))
    _, status = os.waitpid(first, 0)
    return os.waitstatus_to_exitcode(status) & 0xFF


if __name__ == "__main__":
    _order = Path(sys.argv[1])
    _text = _order.read_text(encoding="utf-8")
    _order.unlink()
    sys.exit(main(json.loads(_text)))
