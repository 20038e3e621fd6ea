"""Extended attributes of an ext filesystem that nobody has mounted, set by debugfs.

mke2fs -d copies them as it goes: also the SELinux labels that the kernel of some
hosts gives to every file, which nobody may take away and which would decide
where other things lie. So it gets to see those alone, and all others are set
afterwards.

A label is the attribute security.selinux, its value ending with a NUL, as the
kernel and libselinux's setfilecon(3) write it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs

from applbuild import Run, Target, ToolError

_LABEL = "security.selinux"
_UPPERMOST = 2  # the inode of the uppermost folder
# `ls -p` of debugfs(8): inode, mode, user, group, name, size. A name can hold all but a slash.
_ENTRY = re.compile(rb"/(\d+)/(\d+)/\d+/\d+/([^/]+)/\d*/\n")


@attrs.frozen(kw_only=True)
class Attributes:
    """What the files of a folder have beside their content, by their paths in it."""

    kept: Mapping[bytes, Mapping[str, bytes]]
    labelled_by_host: frozenset[bytes]


@contextmanager
def set_aside(folder: Path) -> Iterator[Attributes]:
    """Give the attributes in *folder*, which has none meanwhile but labels of the host's."""
    root = os.fsencode(folder)
    kept: dict[bytes, dict[str, bytes]] = {}
    labelled = set()
    try:
        for path in _paths(root):
            for name in os.listxattr(root + path, follow_symlinks=False):
                if name == _LABEL:
                    labelled.add(path)
                    continue
                value = os.getxattr(root + path, name, follow_symlinks=False)
                kept.setdefault(path, {})[name] = value
                os.removexattr(root + path, name, follow_symlinks=False)
        yield Attributes(kept=kept, labelled_by_host=frozenset(labelled))
    finally:
        for path, values in kept.items():
            for name, value in values.items():
                os.setxattr(root + path, name, value, follow_symlinks=False)


def _paths(root: bytes) -> Iterator[bytes]:
    yield b"/"
    for parent, folders, files in os.walk(root):
        for name in (*folders, *files):
            yield os.path.join(parent, name)[len(root) :]  # noqa: PTH118 - a hot loop


def set_attributes(
    attributes: Attributes,
    labels: tuple[tuple[str, str], ...],
    target: Target,
    clock: Mapping[str, str],
    run: Run,
) -> bool:
    """Set *attributes* and *labels* in the filesystem; return whether there was room for all.

    Of the labels of the host none stays.
    """
    wanted: dict[bytes, dict[str, bytes]] = {
        os.fsencode(path): {_LABEL: context.encode() + b"\0"} for path, context in labels
    }
    for path, values in attributes.kept.items():
        wanted.setdefault(path, {}).update(sorted(values.items()))
    if not wanted and not attributes.labelled_by_host:
        return True
    inodes = _inodes(target, clock, run)
    folder = target.path.with_suffix(".attributes")
    folder.mkdir()
    lines = [
        f"ea_rm <{inodes[path]}> {_LABEL}"
        for path in sorted(attributes.labelled_by_host)
        if _LABEL not in wanted.get(path, {})
    ]
    files: dict[bytes, Path] = {}
    for path, values in sorted(wanted.items()):
        for name, value in values.items():
            if value not in files:
                files[value] = folder / str(len(files))
                files[value].write_bytes(value)
            lines.append(f"ea_set -f {files[value]} <{inodes[path]}> {name}")
    said = _debugfs(["-w"], lines, target, clock, run)
    shutil.rmtree(folder)
    if "Could not allocate" in said:
        return False
    if said:
        raise ToolError(("debugfs", "-w", _place(target)), 0, said)
    return True


def _inodes(target: Target, clock: Mapping[str, str], run: Run) -> Mapping[bytes, int]:
    """Return the inode of every path in the filesystem."""
    found = {b"/": _UPPERMOST}
    pending = {_UPPERMOST: b""}
    listing = target.path.with_suffix(".listing")
    while pending:
        lines = [f"ls -p <{inode}>" for inode in pending]
        # Names are any bytes: they are read from a file as they are.
        _debugfs([], lines, target, clock, run, output=listing)
        parents, pending = pending, {}
        parent = b""
        for match in _ENTRY.finditer(listing.read_bytes()):
            inode, mode, name = int(match[1]), int(match[2], 8), match[3]
            if name == b".":
                parent = parents[inode]  # a listing begins with the folder itself
            elif name != b".." and inode:  # 0: a place for a name, free
                path = parent + b"/" + name
                found[path] = inode
                if mode & 0o170000 == 0o040000:
                    pending[inode] = path
    listing.unlink()
    return found


def _debugfs(
    options: list[str],
    commands: list[str],
    target: Target,
    clock: Mapping[str, str],
    run: Run,
    *,
    output: Path = Path("/dev/null"),
) -> str:
    """Run *commands* and return what debugfs complains about; *output* gets what it prints."""
    script = target.path.with_suffix(".debugfs")
    script.write_text("\n".join(commands) + "\n", encoding="ascii")
    shell = 'out=$1; shift; exec debugfs "$@" > "$out"'
    ran = run(
        ["sh", "-c", shell, "sh", output, *options, "-f", script, _place(target)],
        environment=clock,
        is_checked=False,
    )
    script.unlink()
    lines = ran.stderr.splitlines()
    return "\n".join(line for line in lines if not line.startswith("debugfs 1."))


def _place(target: Target) -> str:
    return f"{target.path}?offset={target.offset_bytes}"
