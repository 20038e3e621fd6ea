"""What the system is called and what it mounts; and what it must not know yet."""

from __future__ import annotations

from applbuild.model.plan import Plan, Volume
from applbuild.model.result import Tree
from applbuild.tree import exists, link, remove, write_file

_DEFAULT_HOSTNAME = "localhost"
# What programs leave behind that differs from build to build, or must not be shared by all
# machines made from one image.
_TRACES = (
    "/etc/.pwd.lock",
    "/etc/passwd-",
    "/etc/shadow-",
    "/etc/group-",
    "/etc/gshadow-",
    "/etc/subuid-",
    "/etc/subgid-",
    "/var/cache/ldconfig/aux-cache",
    "/var/lib/systemd/random-seed",
    "/var/lib/dbus/machine-id",
    "/root/.bash_history",
)


def write_fstab(plan: Plan, tree: Tree) -> None:
    """Write /etc/fstab; everything is found by its identifier."""
    lines = ["# <what> <where> <filesystem> <options> <dump> <check>"]
    lines += [_fstab_line(volume) for volume in plan.mounts]
    lines += [
        f"UUID={volume.identifier} none swap {_options(volume)} 0 0"
        for volume in plan.volumes
        if volume.filesystem == "swap"
    ]
    write_file(tree, "/etc/fstab", "\n".join(lines) + "\n")


def _fstab_line(volume: Volume) -> str:
    # fsck(8): the root filesystem is checked first, the others after it.
    order = 1 if volume.mount_point == "/" else 2
    where = str(volume.mount_point).replace(" ", "\\040")
    return f"UUID={volume.identifier} {where} {volume.filesystem} {_options(volume)} 0 {order}"


def _options(volume: Volume) -> str:
    return ",".join(volume.options) or "defaults"


def set_identity(plan: Plan, tree: Tree) -> None:
    """Name the system."""
    hostname = plan.settings.hostname or _DEFAULT_HOSTNAME
    write_file(tree, "/etc/hostname", f"{hostname}\n")
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"]
    if hostname != _DEFAULT_HOSTNAME:
        short = hostname.partition(".")[0]
        names = hostname if short == hostname else f"{hostname} {short}"
        lines.append(f"127.0.1.1 {names}")
    write_file(tree, "/etc/hosts", "\n".join(lines) + "\n")


def seal(tree: Tree) -> Tree:
    """Return *tree* without what each machine made from it must find out for itself."""
    for path in _TRACES:
        remove(tree, path)
    for key in sorted(tree.path("/etc/ssh").glob("ssh_host_*_key*")):
        key.unlink()
    # Empty, not absent: systemd fills it at boot and does not take it for a first boot
    # (machine-id(5)).
    write_file(tree, "/etc/machine-id", "", mode=0o444)
    if exists(tree, "/usr/lib/systemd/systemd-resolved"):
        link(tree, "/etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf")
    return tree
