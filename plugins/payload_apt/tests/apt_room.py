"""What the tests do in a build's room; a module of its own, so that the room can import it."""

from __future__ import annotations

import os
from pathlib import Path

import attrs

import applbuild_payload_apt as backend
from applbuild import Needs, PackageName, PackageSelection, Request, Resolution, Run, Tree, kernels
from applbuild.progress import silent
from applbuild.room import CACHE, WORK
from applbuild.run import built_environment
from applbuild.testing import examples
from applbuild.testing.trees import Entry, entries
from applbuild_payload_apt.options import AptOptions

EXTRA = ("openssh-server", "iputils-ping", "locales")
"""Packages with much to get wrong: host keys, file capabilities, generated files."""


@attrs.frozen(kw_only=True)
class Installed:
    """What a build without disks came to."""

    resolution: Resolution
    entries: dict[str, Entry]
    texts: dict[str, str]
    kernels: int
    inside: str
    """What the system's own programs say of it."""


TEXTS = (
    *("/etc/apt/sources.list", "/etc/shadow", "/etc/initramfs-tools/modules"),
    *("/etc/machine-id", "/var/lib/apt/extended_states"),
)
_QUESTIONS = """
dpkg --audit
dpkg --verify
getcap /usr/bin/ping
stat -c '%U %G %a %n' /var/mail /usr/bin/chage /usr/bin/su
"""


def resolve(send, asked: Request) -> Resolution:
    del send
    needs = backend.applbuild_needs(asked)
    extra = tuple(PackageName(name=name, reason="a test") for name in ("libcap2-bin",))
    needs = Needs(packages=(*needs.packages, ("deb", extra)))
    run = Run(environment=built_environment())
    resolution = backend.applbuild_resolve(asked, needs, AptOptions(), CACHE, run, silent())
    return backend.applbuild_fetch(asked, resolution, CACHE, run, silent())


def build(send, resolution: Resolution) -> Installed:
    """Install *resolution*, with /boot on a filesystem of its own, and look at it."""
    del send
    run = Run(environment=built_environment(resolution.newest_seconds))
    plan = attrs.evolve(
        examples.plan(resolution=resolution), drivers=("virtio_blk", "nvme", "xen_blkfront")
    )
    root, boot = WORK / "root", WORK / "boot"
    for folder in (root, boot):
        folder.mkdir(mode=0o755)
    (root / "boot").mkdir()
    run(["mount", "--bind", boot, root / "boot"])
    tree = Tree(root=root, folders=(("/", root), ("/boot", boot)))
    backend.applbuild_populate(plan, tree, CACHE, run)
    assert not list(boot.glob("initrd*")), "the initramfs was not deferred"
    backend.applbuild_make_initramfs(plan, tree, AptOptions(), run)
    found = entries(root)
    inside = run.guest(tree, ["sh", "-c", _QUESTIONS]).stdout
    return Installed(
        resolution=resolution,
        entries={name: _settled(entry, plan.epoch_seconds) for name, entry in found.items()},
        texts={name: tree.path(name).read_text() for name in TEXTS},
        kernels=len(kernels(tree)),
        inside=inside,
    )


def _settled(entry: Entry, epoch_seconds: int) -> Entry:
    """Return *entry* with its time as a filesystem gets it: none is later than the epoch."""
    return attrs.evolve(entry, modified_seconds=min(entry.modified_seconds, epoch_seconds))


def request() -> Request:
    """Return a request for EXTRA on this host's own release."""
    wanted = tuple(PackageName(name=name) for name in EXTRA)
    return Request(
        name="x", kickstart="", digest="0" * 64, packages=PackageSelection(wanted=wanted)
    )


def path_of_room() -> str:
    """Return where this module is, for the interpreter of the room."""
    return os.fspath(Path(__file__).parent)
