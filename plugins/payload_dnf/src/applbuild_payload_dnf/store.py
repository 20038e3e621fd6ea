"""The packages that were downloaded: found where dnf keeps them, or in a folder of the host."""

from __future__ import annotations

import hashlib
from pathlib import Path

from applbuild import HostError, Run
from applbuild_payload_dnf.choice import Row, transfers
from applbuild_payload_dnf.dnf import Dnf, Wanted

_BATCH = 200


def download(dnf: Dnf, rows: tuple[Row, ...]) -> None:
    """Bring exactly the packages of *rows* into dnf's cache.

    Raises:
        HostError: one cannot be had.
    """
    words = ["--assumeyes", "--setopt=install_weak_deps=False"]
    names = (row.full_name for row in rows)
    ran = dnf(*words, "install", "--downloadonly", "--", *names, is_checked=False)
    if ran.returncode:
        said = transfers(f"{ran.stdout}\n{ran.stderr}")
        raise HostError(f"packages cannot be downloaded:\n{said}")


def locate(dnf: Dnf, rows: tuple[Row, ...], wanted: Wanted) -> dict[str, Path]:
    """Return the file of each of *rows*, by its full name.

    dnf reads the packages of a repository in a folder where they are.

    Raises:
        HostError: one is missing.
    """
    present: dict[tuple[str, str], Path] = {}
    for repository in wanted.repositories:
        kept = (folder / "packages" for folder in dnf.folders(repository.name))
        for folder in repository.local_paths(wanted.variables) or kept:
            for file in folder.rglob("*.rpm"):
                present[(repository.name, file.name)] = file
    found = {}
    for row in rows:
        file = present.get((row.repository, row.file_name), Path())
        if not file.is_file():
            raise HostError(f"{row.file_name} of {row.repository} was not downloaded")
        found[row.full_name] = file
    return found


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of *file*, in hexadecimal digits."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def newest_seconds(files: tuple[Path, ...], run: Run) -> int:
    """Return the latest time, in seconds since 1970, at which one of *files* was built."""
    newest = 0
    for start in range(0, len(files), _BATCH):
        argv = ["rpm", "-qp", "--nosignature", "--nodigest", "--queryformat", "%{BUILDTIME}\n"]
        printed = run([*argv, *files[start : start + _BATCH]]).stdout
        newest = max(newest, *map(int, printed.split()))
    return newest
