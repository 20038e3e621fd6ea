"""What each RPM is made of: the recipes of packages.toml, and the files that come of them."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from commands import run
from debs import Table, is_any, unpack

HERE = Path(__file__).parent


def recipes(table: Table, debs: dict[str, Path]) -> dict[str, Table]:
    """Return what each RPM is made of; a Debian package that none names is one of its own."""
    found = {name: dict(about) for name, about in table["packages"].items()}
    taken = set()
    for about in found.values():
        about["debs"] = [deb for deb in debs if is_any(deb, about.get("debs", []))]
        taken |= set(about["debs"])
    found |= {deb: {"debs": [deb]} for deb in debs if deb not in taken}
    for about in found.values():
        about["version"] = _version(about, found, debs)
    return found


def _version(about: Table, recipes: dict[str, Table], debs: dict[str, Path]) -> str:
    given = str(about.get("version", ""))
    if given.startswith("@"):
        return _version(recipes[given[1:]], recipes, debs)
    return given or run("dpkg-deb", "--field", debs[about["debs"][0]], "Version").strip()


def assemble(name: str, about: Table, debs: dict[str, Path], table: Table, work: Path) -> None:
    """Put the files of the RPM *name* into its own root below *work*."""
    root = work / "roots" / name
    root.mkdir(parents=True)
    about["owners"] = dict(about.get("owners", {}))
    for deb in about["debs"]:
        unpack(debs[deb], about, table["drop"], root)
    if (HERE / "files" / name).is_dir():
        shutil.copytree(HERE / "files" / name, root, symlinks=True, dirs_exist_ok=True)
    for path, text in about.get("contents", {}).items():
        # shim's fallback reads UCS-2 with a mark of the byte order (its README.fallback).
        encoding = "utf-16" if path.endswith(".CSV") else "utf-8"
        _file(root, path).write_text(text, encoding=encoding)
    for path in about.get("folders", ()):
        _file(root, path).mkdir(exist_ok=True)
    for path, target in about.get("links", {}).items():
        _file(root, path).symlink_to(target)
    for source, target in about.get("copies", {}).items():
        shutil.copyfile(_file(root, source), _file(root, target))
    for path, (old, new) in about.get("replaced", {}).items():
        file = _file(root, path)
        file.write_text(re.sub(old, new, file.read_text(encoding="utf-8")), encoding="utf-8")
    if "efi" in about:
        _make_efi_image(_file(root, about["efi"]), work)
    if "locale" in about:
        _make_locale(about["locale"], debs["locales"], root, work)


def _file(root: Path, path: str) -> Path:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def _make_efi_image(target: Path, work: Path) -> None:
    """Make the image that Fedora signs: it reads the grub.cfg beside it."""
    modules = "all_video boot cat chain configfile echo efi_gop ext2 fat font gfxterm halt linux \
        loopback lvm normal part_gpt part_msdos reboot regexp search search_fs_uuid search_label \
        serial sleep test true xfs"
    folder = work / "roots/grub2-efi-x64-modules/usr/lib/grub/x86_64-efi"
    prefix = "/" + "/".join(target.parent.parts[-2:])
    argv = ["grub-mkimage", "-O", "x86_64-efi", "-p", prefix, "-d", folder, "-o", target]
    reads_entries = ["blsuki"] if (folder / "blsuki.mod").is_file() else []
    run(*argv, *modules.split(), *reads_entries)


def _make_locale(name: str, locales: Path, root: Path, work: Path) -> None:
    source = work / "locales"
    run("dpkg-deb", "-x", locales, source)
    target = _file(root, f"/usr/lib/locale/{name}.utf8")
    compiled = ("-i", name, "-f", "UTF-8", "--no-archive", target)
    run("localedef", *compiled, env={**os.environ, "I18NPATH": str(source / "usr/share/i18n")})
