"""What installing leaves behind and no two builds, or no two machines, should share."""

from __future__ import annotations

from applbuild import Tree

_DATABASES = ("/usr/lib/sysimage/rpm", "/var/lib/rpm")
_PASSING = (".rpm.lock", "*.sqlite-shm", "*.sqlite-wal", "__db.*", ".dbenv.lock")
_REMOVED = (
    "/var/cache/ldconfig/aux-cache",
    "/var/lib/systemd/random-seed",
    "/var/lib/dbus/machine-id",
    "/var/log/dnf.log",
    "/var/log/rpm.log",
)


def remove_traces(tree: Tree) -> None:
    """Remove locks, logs and what belongs to one machine from *tree*."""
    for folder in _DATABASES:
        for pattern in _PASSING:
            for file in tree.path(folder).glob(pattern):
                file.unlink()
    for name in _REMOVED:
        tree.path(name).unlink(missing_ok=True)
