"""What installing leaves behind and no two builds, or no two machines, should share."""

from __future__ import annotations

from pathlib import Path

from applbuild import Package, Tree

_EMPTIED = ("/var/lib/apt/lists", "/var/cache/apt", "/var/log/apt", "/var/cache/man")
_REMOVED = (
    "/var/log/dpkg.log",
    "/var/log/alternatives.log",
    "/var/log/bootstrap.log",
    "/var/log/fontconfig.log",
    "/var/cache/ldconfig/aux-cache",
    "/var/lib/dpkg/lock",
    "/var/lib/dpkg/lock-frontend",
    "/var/lib/dpkg/triggers/Lock",
    "/var/lib/systemd/random-seed",
    "/var/lib/urandom/random-seed",
    "/var/lib/dbus/machine-id",
)
_BACKUPS = (
    ("/var/lib/dpkg", "*-old"),
    ("/var/cache/debconf", "*-old"),
    ("/etc/ssh", "ssh_host_*"),
)


def remove_traces(tree: Tree) -> None:
    """Remove logs, locks, backups, caches and host keys from *tree*; empty its machine-id."""
    for folder in _EMPTIED:
        for file in sorted(tree.path(folder).rglob("*")):
            if not file.is_dir() or file.is_symlink():
                file.unlink()
    for name in _REMOVED:
        tree.path(name).unlink(missing_ok=True)
    for folder, pattern in _BACKUPS:
        for file in tree.path(folder).glob(pattern):
            file.unlink()
    machine_id = tree.path("/etc/machine-id")
    machine_id.write_text("", encoding="utf-8")
    machine_id.chmod(0o444)


def mark_dependencies(
    packages: tuple[Package, ...], reason: str, architecture: str, tree: Tree
) -> None:
    """Tell the system's apt which of *packages* nobody asked for, so that it may remove them."""
    stanzas = [
        f"Package: {package.name}\nArchitecture: {architecture}\nAuto-Installed: 1\n"
        for package in sorted(packages, key=lambda package: package.name)
        if package.reason == reason
    ]
    states: Path = tree.path("/var/lib/apt/extended_states")
    states.parent.mkdir(parents=True, exist_ok=True)
    states.write_text("\n".join(stanzas), encoding="utf-8")
