"""Installing a system in a build's room, for tests: what is in it, and what changed around it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

from applbuild import Needs, Request, Resolution, steps
from applbuild.backends import Backends
from applbuild.room import CACHE, SYSTEM
from applbuild.testing import examples
from applbuild.testing.trees import Entry, digest, entries

_IDENTITY = ("etc/hostname", "etc/resolv.conf", "etc/machine-id")
_KERNELS_OWN = ("/proc", "/sys", "/dev")


@attrs.frozen(kw_only=True)
class Install:
    """A system to install."""

    name: str
    request: Request
    options: object


@attrs.frozen(kw_only=True)
class Installed:
    """What installing came to."""

    resolution: Resolution
    tree: Mapping[str, Entry]
    identity: Mapping[str, str]
    """The text of the files that say which machine it is."""
    changed_outside: tuple[str, ...]
    """Files of the room, neither the tree's nor the cache's, that came, went or changed."""
    changed_by_initramfs: tuple[str, ...]


def install_in_room(send: object, install: Install) -> Installed:
    """Go with *install* from its request to an installed tree, by every hook of a payload."""
    del send
    backends, run, progress = Backends(), examples.run(), examples.progress()
    cache = CACHE / install.name
    cache.mkdir(parents=True, exist_ok=True)
    common = {"options": install.options, "cache": cache, "run": run, "progress": progress}
    before = _outside()

    def ask(hook: str, **values: object) -> object:
        return backends.call(hook, "payload", install.name, **values)

    resolved = ask("applbuild_resolve", request=install.request, needs=Needs(), **common)
    resolution = ask("applbuild_fetch", request=install.request, resolution=resolved, **common)
    assert isinstance(resolution, Resolution)
    plan = examples.plan(install.request, resolution=resolution)
    tree = steps.bind_tree(plan)
    tree_at_work = tuple(str(folder) for _, folder in tree.folders)
    common["run"] = examples.run(plan.epoch_seconds)
    filled = ask("applbuild_populate", plan=plan, tree=tree, **common)
    assert filled is not None
    installed = entries(SYSTEM)
    ask(
        "applbuild_make_initramfs",
        plan=plan,
        tree=filled,
        options=install.options,
        run=common["run"],
    )
    return Installed(
        resolution=resolution,
        tree=installed,
        identity={name: text for name in _IDENTITY if (text := _text(SYSTEM / name)) is not None},
        changed_outside=_differing(before, _outside(tree_at_work)),
        changed_by_initramfs=_differing(installed, entries(SYSTEM)),
    )


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _outside(tree: tuple[str, ...] = ()) -> dict[str, str]:
    """Return a digest of each file of the room that can be written, but the tree's and cache's."""
    skipped = (*_KERNELS_OWN, str(SYSTEM), str(CACHE), *tree)
    return {path: _digest(path) for path in _files("/", skipped)}


def _files(folder: str, skipped: tuple[str, ...]) -> Iterator[str]:
    for item in os.scandir(folder):
        if item.path in skipped:
            continue
        if item.is_dir(follow_symlinks=False):
            if not os.statvfs(item.path).f_flag & os.ST_RDONLY:
                yield from _files(item.path, skipped)
        else:
            yield item.path


def _digest(path: str) -> str:
    if os.path.islink(path):  # noqa: PTH114 - a walk of the whole room
        return os.readlink(path)  # noqa: PTH115
    return digest(Path(path).read_bytes())


def _differing(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(sorted(name for name in {*before, *after} if before.get(name) != after.get(name)))
