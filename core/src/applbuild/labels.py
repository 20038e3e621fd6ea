"""The SELinux labels of an image, by the installed system's own policy and tool.

The host has no part in it: not its policy, nor the labels that its kernel may
give to the files of a build.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

import attrs

from applbuild.backends import Backends
from applbuild.errors import ToolError
from applbuild.model.plan import Plan
from applbuild.model.result import Tree
from applbuild.progress import Progress
from applbuild.run import Run
from applbuild.selinux import policy
from applbuild.tree import exists, write_file

_TOOL = "/usr/sbin/matchpathcon"
_GENERATOR = "/usr/lib/systemd/system-generators/selinux-autorelabel-generator.sh"
_AUTORELABEL = "/.autorelabel"
_NO_CONTEXT = "<<none>>"
_BATCH_BYTES = 128 * 1024  # Linux takes 2 MiB of arguments, if not more (execve(2))
# What matchpathcon(8) calls them after -m.
_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "dir",
    stat.S_IFLNK: "lnk_file",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "sock_file",
    stat.S_IFCHR: "chr_file",
    stat.S_IFBLK: "blk_file",
}


@attrs.frozen(kw_only=True)
class _File:
    """A file of one filesystem, with all its names as that filesystem has them."""

    kind: str
    names: tuple[str, ...]


def label(plan: Plan, tree: Tree, backends: Backends, run: Run, progress: Progress) -> Tree:
    """Return *tree* with the label of every file, as the system's policy has it.

    A system without a policy, or with SELinux off, gets none. What cannot be labelled
    now the system has to label when it first starts; a warning says so.

    Raises:
        ToolError: the system's matchpathcon failed.
    """
    name = policy(tree)
    if name is None:
        return tree
    infos = {volume: backends.info("filesystem", volume.filesystem) for volume in plan.mounts}
    unaware = [str(volume.mount_point) for volume in infos if infos[volume].sets_labels is None]
    if not exists(tree, _TOOL):
        _postpone(tree, f"the installed system has no {_TOOL}", progress)
        return tree
    if unaware:
        _postpone(tree, f"the filesystem of {', '.join(unaware)} gets none", progress)
    labels = tuple(
        (volume.name, _labels(str(volume.mount_point), files, tree, run))
        for volume, files in (
            (volume, _files(tree.folder(volume), info.own_folders))
            for volume, info in infos.items()
            if info.sets_labels
        )
    )
    count = sum(len(of_volume) for _, of_volume in labels)
    progress.remark(f"SELinux: {count} names are labelled by the system's policy, {name}")
    return attrs.evolve(tree, labels=labels)


def _postpone(tree: Tree, why: str, progress: Progress) -> None:
    """Have the system label itself when it first starts, if it has what that takes."""
    write_file(tree, _AUTORELABEL, "")
    what = (
        "the system labels every file when it first starts, and then starts again"
        if exists(tree, _GENERATOR)
        else "and it cannot label itself: add policycoreutils to %packages"
    )
    progress.remark(f"SELinux labels: {why}; {what}", is_warning=True)


def _files(folder: Path, own_folders: Sequence[str]) -> list[_File]:
    """Return every file in *folder*, and what its filesystem will have of its own; sorted."""
    found: dict[object, list[str]] = {}
    kinds: dict[object, str] = {}
    for name, status in sorted(_walk(folder)):
        kind = _KINDS[stat.S_IFMT(status.st_mode)]
        # A file can have several names; a folder has one.
        key = name if kind == "dir" else (status.st_dev, status.st_ino)
        found.setdefault(key, []).append(name)
        kinds[key] = kind
    for name in own_folders:
        found.setdefault(f"/{name}", [f"/{name}"])
        kinds.setdefault(f"/{name}", "dir")
    return [_File(kind=kinds[key], names=tuple(names)) for key, names in found.items()]


def _walk(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    yield "/", folder.stat()
    start = len(os.fspath(folder))
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(parent, name)  # noqa: PTH118 - a hot loop
            yield path[start:], os.lstat(path)


def _labels(
    mount_point: str, files: Sequence[_File], tree: Tree, run: Run
) -> tuple[tuple[str, str], ...]:
    """Return the context of each name that the policy has one for; of a file, by its first name."""
    prefix = mount_point.rstrip("/")

    def labels_of(batch: list[_File]) -> list[tuple[str, str]]:
        paths = [(prefix + file.names[0]).rstrip("/") or "/" for file in batch]
        return [
            (name, context)
            for file, context in zip(batch, _ask(batch[0].kind, paths, tree, run), strict=True)
            if context != _NO_CONTEXT
            for name in file.names
        ]

    with ThreadPoolExecutor(max_workers=len(os.sched_getaffinity(0))) as pool:
        answers = pool.map(labels_of, _batches(files))
        return tuple(sorted(label for answer in answers for label in answer))


def _batches(files: Sequence[_File]) -> Iterator[list[_File]]:
    """Yield *files* in parts of one kind each, whose names are arguments of one command."""
    for _, alike in groupby(sorted(files, key=lambda file: file.kind), lambda file: file.kind):
        batch: list[_File] = []
        size = 0
        for file in alike:
            if size > _BATCH_BYTES:
                yield batch
                batch, size = [], 0
            batch.append(file)
            size += len(os.fsencode(file.names[0]))
        yield batch


def _ask(kind: str, paths: Sequence[str], tree: Tree, run: Run) -> list[str]:
    """Return the context of each of *paths*, which stand for files of *kind*.

    The kind is given, since programs see other files than the tree's in /dev, /run and
    /tmp; no path is printed (-n), so that each context is one line whatever the names are.
    """
    argv = [_TOOL, "-N", "-n", "-m", kind]
    ran = run.guest(tree, [*argv, *paths], is_checked=False)
    contexts = ran.stdout.splitlines()
    if ran.returncode or len(contexts) != len(paths):
        raise ToolError((*argv, "..."), ran.returncode, ran.stderr.strip())
    return contexts
