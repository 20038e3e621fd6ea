"""SELinux labels in an ext filesystem that nobody has mounted, by debugfs.

A label is the extended attribute security.selinux of an inode, its value ending
with a NUL, as the kernel and libselinux's setfilecon(3) write it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from applbuild import Run, Target, ToolError

_ATTRIBUTE = "security.selinux"
_UPPERMOST = 2  # the inode of the uppermost folder
# `ls -p` of debugfs(8): inode, mode, user, group, name, size. A name can hold everything else.
_ENTRY = re.compile(rb"/(\d+)/(\d+)/\d+/\d+/([^/]+)/\d*/\n")


def set_labels(
    labels: tuple[tuple[str, str], ...],
    folder: Path,
    target: Target,
    clock: Mapping[str, str],
    run: Run,
) -> bool:
    """Give every path of *labels* its label; return whether there was room for all.

    The others get none, also where the host's kernel labelled what lies in *folder*,
    from which the filesystem was filled.
    """
    carried = tuple(_carried(folder))
    if not labels and not carried:
        return True
    inodes = _inodes(target, clock, run)
    contexts = {inodes[os.fsencode(path)]: context for path, context in labels}
    lines = [
        f'ea_set <{inode}> {_ATTRIBUTE} "{_escaped(context)}\\000"'
        for inode, context in sorted(contexts.items())
    ]
    bare = {inodes[path] for path in carried} - contexts.keys()
    lines += [f"ea_rm <{inode}> {_ATTRIBUTE}" for inode in sorted(bare)]
    said = _debugfs(["-w"], lines, target, clock, run)
    if "Could not allocate" in said or "No free space" in said:
        return False
    if said:
        raise ToolError(("debugfs", "-w", _place(target)), 0, said)
    return True


def _carried(folder: Path) -> Iterator[bytes]:
    """Yield the paths in *folder* that have a label of the host's."""
    start = len(os.fsencode(folder))
    for parent, folders, files in os.walk(os.fsencode(folder)):
        names = (*folders, *files) if len(parent) > start else (b"", *folders, *files)
        for name in names:
            path = os.path.join(parent, name)  # noqa: PTH118 - a hot loop
            if _ATTRIBUTE in os.listxattr(path, follow_symlinks=False):
                yield path[start:]


def _escaped(context: str) -> str:
    """Return *context* as debugfs reads it in quotes, whatever the guest's policy has in it."""
    return re.sub(r"[^a-z0-9_:.,-]", lambda found: f"\\{ord(found[0]) & 0xFF:03o}", context)


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
    place = ("-f", os.fspath(script), _place(target))
    shell = 'out=$1; shift; exec debugfs "$@" > "$out"'
    ran = run(
        ["sh", "-c", shell, "sh", output, *options, *place],
        environment=clock,
        is_checked=False,
    )
    script.unlink()
    lines = ran.stderr.splitlines()
    return "\n".join(line for line in lines if not line.startswith("debugfs 1."))


def _place(target: Target) -> str:
    return f"{target.path}?offset={target.offset_bytes}"
