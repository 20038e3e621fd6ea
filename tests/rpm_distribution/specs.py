"""From files to RPMs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from commands import run
from debs import Table

EPOCH = "1700000000"


def build(recipes: dict[str, Table], work: Path) -> None:
    """Build every RPM below work/rpms, and sign them all."""
    for name, about in recipes.items():
        spec = work / f"{name}.spec"
        spec.write_text(
            "\n".join(_spec(name, about, work / "roots" / name)) + "\n", encoding="utf-8"
        )
        argv = [
            "rpmbuild",
            "-bb",
            "--quiet",
            "--target",
            "x86_64",
            "--define",
            f"_topdir {work}/build",
        ]
        log = work / f"{name}.log"
        with log.open("w", encoding="utf-8") as out:
            try:
                run(*argv, spec, env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH}, stderr=out)
            except subprocess.CalledProcessError:
                sys.exit(f"{spec.read_text(encoding='utf-8')}\n{log.read_text(encoding='utf-8')}")


_HEAD = """\
%global debug_package %{{nil}}
%global __os_install_post %{{nil}}
%global _build_id_links none
%global _buildhost localhost
%global use_source_date_epoch_as_buildtime 1
%global clamp_mtime_to_source_date_epoch 1
%global _binary_payload w3.zstdio
%global __brp_mangle_shebangs %{{nil}}
Name: {name}
Epoch: {epoch}
Version: {version}
Release: {release}
Summary: {name} of the miniature distribution
License: see its documentation
"""


def _spec(name: str, about: Table, root: Path) -> Iterator[str]:
    epoch, _, rest = about["version"].rpartition(":")
    version, _, release = rest.rpartition("-") if "-" in rest else (rest, "", "1")
    version = version.replace("-", "_")
    yield _HEAD.format(name=name, epoch=epoch or 0, version=version, release=f"{release}.mini1")
    if about.get("no_scan"):
        yield "AutoReqProv: no"
    yield from (f"Requires: {item}" for item in about.get("requires", ()))
    for phase in ("pre", "posttrans"):
        yield from (f"Requires({phase}): {x}" for x in about.get(f"requires_{phase}", ()))
    yield from (f"Provides: {item}" for item in about.get("provides", ()))
    for folder in ("bin", "sbin"):  # as Fedora's packages did when /bin moved to /usr
        for file in sorted((root / "usr" / folder).glob("*")):
            yield f"Provides: /{folder}/{file.name}"
    yield f"%description\n{name} of the miniature distribution.\n"
    yield f"%install\ncp -a {root}/. %{{buildroot}}\n"
    for phase in ("pre", "post", "posttrans"):
        if phase in about:
            yield f"%{phase}\n{about[phase].strip()}\n"
    if "post_lua" in about:
        yield f"%post -p <lua>\n{about['post_lua'].strip()}\n"
    yield "%files\n%defattr(-,root,root)"
    yield from _files(about, root)


def _files(about: Table, root: Path) -> Iterator[str]:
    modes, owners = about.get("modes", {}), about["owners"]
    for file in sorted(root.rglob("*")):
        path = f"/{file.relative_to(root)}"
        is_folder = file.is_dir() and not file.is_symlink()
        if is_folder and path not in about.get("folders", ()) and not _is_own(path):
            continue
        mark = "%dir " if is_folder else ""
        if path.startswith("/etc/") and file.is_file() and not file.is_symlink():
            mark = "%config(noreplace) "
        elif path.startswith(("/usr/share/doc/", "/usr/share/man/", "/usr/share/info/")):
            mark += "%doc "
        mode, (user, group) = modes.get(path, "-"), owners.get(path, ("root", "root"))
        if path.startswith("/boot/efi/"):
            mode = "0700"
        yield f'{mark}%attr({mode},{user},{group}) "{path}"'


def _is_own(path: str) -> bool:
    """Return whether a folder belongs to the package: those of `filesystem` are not deep."""
    return path.count("/") > 3 or path.startswith(("/boot/efi/", "/etc/"))
