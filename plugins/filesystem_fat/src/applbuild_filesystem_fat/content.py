"""What FAT cannot hold, said before mtools would change it or leave it out."""

from __future__ import annotations

import os
from pathlib import Path

from applbuild import KickstartError

# Microsoft, "FAT: General Overview of On-Disk Format" 1.03, "FAT Long Directory Entries".
_NOT_IN_NAMES = frozenset('"*/:<>?\\|')


def refuse_foreign(folder: Path, mount_point: str) -> None:
    """Raise KickstartError for the first thing in *folder* that a FAT has no form for."""
    for parent, folders, files in os.walk(folder):
        seen: dict[str, str] = {}
        for name in sorted((*folders, *files)):
            path = Path(parent, name)
            problem = _problem(path)
            if name.lower() in seen:
                problem = f"is the same name to it as {seen[name.lower()]}"
            if problem:
                raise KickstartError(
                    f"{mount_point} is a FAT, and {path.relative_to(folder)} {problem}",
                    hint="put it on another filesystem, or give this one an --fstype of Linux",
                )
            seen[name.lower()] = name


def _problem(path: Path) -> str:
    if path.is_symlink():
        return "is a link, which it does not have"
    if not path.is_file() and not path.is_dir():
        return "is no file or folder"
    if _NOT_IN_NAMES.intersection(path.name) or path.name.endswith((".", " ")):
        return "is no name that it can hold"
    return ""
