"""The packages that were downloaded: files named by their SHA-256, shared by all builds."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from applbuild import HostError, Package, Progress, Run, ToolError
from applbuild_payload_apt.apt import HELPER

_BATCH = 200
_TIME = slice(8 + 16, 8 + 28)
"""Where an ar archive has the time of its first member, in decimal (deb(5), ar(5))."""


def file_of(package: Package, cache: Path) -> Path:
    """Return where *cache* has, or is to have, the file of *package*."""
    return cache / "packages" / f"{package.sha256}.deb"


def download(
    packages: tuple[Package, ...], configuration: Path, cache: Path, run: Run, progress: Progress
) -> None:
    """Bring the files of *packages* into *cache*; each is what its SHA-256 says.

    Raises:
        HostError: one cannot be had.
    """
    folder = cache / "packages"
    folder.mkdir(parents=True, exist_ok=True)
    missing = [package for package in packages if not _is_sound(package, cache)]
    total = sum(package.download_bytes for package in missing)
    with tempfile.TemporaryDirectory(prefix="partial-", dir=folder) as partial:
        sizes = {package.url: package.download_bytes for package in missing}
        done = 0

        def count(line: str) -> None:
            nonlocal done
            found = re.match(r"Get:\d+ (\S+)", line)
            if found:
                done += sizes.get(found[1], 0)
                progress.advance(done, total)

        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            words = [word for package in batch for word in _order(package, Path(partial))]
            try:
                run(
                    [HELPER, "download-file", *words],
                    environment={"APT_CONFIG": str(configuration)},
                    on_line=count,
                )
            except ToolError as error:
                raise HostError(f"packages cannot be downloaded:\n{error.tail}") from None
            for package in batch:
                # Moved whole: a build that is killed leaves no half of a package here.
                (Path(partial) / f"{package.sha256}.deb").replace(file_of(package, cache))


def _order(package: Package, partial: Path) -> tuple[str, str, str]:
    target = partial / f"{package.sha256}.deb"
    return package.url, str(target), f"SHA256:{package.sha256}"


def _is_sound(package: Package, cache: Path) -> bool:
    """Return whether *cache* has the whole file of *package*; and note that it is in use."""
    file = file_of(package, cache)
    if not file.is_file() or file.stat().st_size != package.download_bytes:
        return False
    with file.open("rb") as content:
        if hashlib.file_digest(content, "sha256").hexdigest() != package.sha256:
            return False
    file.touch()
    return True


def newest_seconds(files: Iterable[Path]) -> int:
    """Return the latest time, in seconds since 1970, at which one of *files* was built.

    dpkg-deb(1) takes it from the changelog's last entry.
    """
    return max((_built_seconds(file) for file in files), default=0)


def _built_seconds(file: Path) -> int:
    with file.open("rb") as content:
        return int(content.read(_TIME.stop)[_TIME].decode("ascii").strip() or 0)
