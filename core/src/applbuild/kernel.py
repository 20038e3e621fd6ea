"""The few system calls that Python does not offer, each under its manual page's name."""

from __future__ import annotations

import ctypes
import os

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 0x2

CAP_SYS_ADMIN = 21

_PR_SET_PDEATHSIG = 1
_PR_CAPBSET_DROP = 24
_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_MOUNT_ATTR_RDONLY = 0x1
_RENAME_EXCHANGE = 0x2
# The numbers of pivot_root(2) differ by architecture; mount_setattr(2) is new enough to be
# the same on all.
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_MOUNT_SETATTR = 442

_libc = ctypes.CDLL(None, use_errno=True)


class _MountAttributes(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


def _check(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def unshare(flags: int) -> None:
    """Leave the namespaces that *flags* (CLONE_NEW...) name, for new ones."""
    _check(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """Put a filesystem or folder at *target*, as the manual page of section 2 says."""
    _check(
        _libc.mount(source.encode(), target.encode(), kind.encode(), flags, data.encode()), target
    )


def bind(source: str, target: str, *, is_writable: bool) -> None:
    """Make *source*, with all that is mounted in it, appear at *target* (which exists)."""
    mount(source, target, flags=MS_BIND | MS_REC)
    if not is_writable:
        wanted = _MountAttributes(attr_set=_MOUNT_ATTR_RDONLY)
        result = _libc.syscall(
            _MOUNT_SETATTR,
            _AT_FDCWD,
            target.encode(),
            _AT_RECURSIVE,
            ctypes.byref(wanted),
            ctypes.sizeof(wanted),
        )
        _check(result, target)


def make_private() -> None:
    """Keep every mount change of this namespace to itself."""
    mount("none", "/", flags=MS_REC | MS_PRIVATE)


def pivot_root(new: str, old: str) -> None:
    """Make *new* the root and put the former one at *old*."""
    number = _PIVOT_ROOT[os.uname().machine]
    _check(_libc.syscall(number, new.encode(), old.encode()), new)
    os.chdir("/")


def detach(target: str) -> None:
    """Take *target* out of the tree of mounts, at once; umount2(2)."""
    _check(_libc.umount2(target.encode(), MNT_DETACH), target)


def set_hostname(name: str) -> None:
    """Name this UTS namespace; sethostname(2)."""
    _check(_libc.sethostname(name.encode(), len(name)), name)


def die_with_parent(signal_number: int) -> None:
    """Have *signal_number* sent to this process when the thread that started it ends; prctl(2)."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0), "prctl")


def give_up(capability: int) -> None:
    """Keep every program that this process starts from ever having *capability*; prctl(2)."""
    _check(_libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0), "prctl")


def exchange(first: os.PathLike[str], second: os.PathLike[str]) -> None:
    """Swap two names in one step; renameat2(2) with RENAME_EXCHANGE.

    Raises:
        OSError: EINVAL where the file system cannot.
    """
    result = _libc.renameat2(
        _AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE
    )
    _check(result, os.fspath(first))
