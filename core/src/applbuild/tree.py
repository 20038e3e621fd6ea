"""Reading and writing files of the installed system, never outside of it.

The system's links are its own: one to /run or /etc/alternatives means its /run,
not the room's.
"""

from __future__ import annotations

from pathlib import Path

from applbuild.errors import KickstartError
from applbuild.model.plan import Plan
from applbuild.model.result import Tree


def make_tree(plan: Plan, root: Path, work: Path) -> Tree:
    """Return an empty tree: a new folder in *work* for each volume, not yet bound together."""
    folders = []
    for volume in plan.volumes:
        folder = work / volume.name.replace("/", "-")
        folder.mkdir()
        folder.chmod(0o755)
        folders.append((volume.name, folder))
    return Tree(root=root, folders=tuple(folders))


def exists(tree: Tree, path: str) -> bool:
    """Return whether the system has *path*."""
    return tree.path(path).exists()


def write_file(tree: Tree, path: str, content: str, *, mode: int = 0o644) -> None:
    """Write *content* to the system's *path*, in place of the file or link of that name.

    Raises:
        KickstartError: there is a folder of that name, or a file where its folder should be.
    """
    parent, _, name = path.rpartition("/")
    folder = tree.path(parent)
    file = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
    except OSError as error:
        raise KickstartError(
            f"the installed system is no usual one: {path}: {error.strerror}"
        ) from error
    file.write_text(content, encoding="utf-8")
    file.chmod(mode)


def link(tree: Tree, path: str, target: str) -> None:
    """Make the system's *path* a link to *target*, in place of whatever had that name."""
    parent, _, name = path.rpartition("/")
    folder = tree.path(parent)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(target)


def remove(tree: Tree, path: str) -> None:
    """Remove the system's *path*, a file or link, if it is there."""
    parent, _, name = path.rpartition("/")
    (tree.path(parent) / name).unlink(missing_ok=True)
