"""Makes a miniature RPM distribution out of Debian's packages, laid out and named as Fedora is.

    python build.py FOLDER

FOLDER gets `releases/1/Everything/x86_64/os` (packages, comps, signed), the key that signs them,
and nothing else. The files are Debian's, as the host's own archives have them; names, scriptlets
and groups are those of packages.toml and comps.xml; dependencies are found by rpmbuild.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import unquote

HERE = Path(__file__).parent
TREE = "releases/1/Everything/x86_64/os"
KEY = "RPM-GPG-KEY-miniature"
EPOCH = "1700000000"
_SIGNER = "Miniature Linux <security@miniature.example.org>"
_ALSO = (
    *("attr", "cpio", "diffutils", "dosfstools", "e2fsprogs", "findutils", "grep", "gzip"),
    *("hostname", "kbd", "kmod", "less", "nano", "ncurses-base", "openssl", "sed", "sudo", "tar"),
    *("tzdata", "zstd"),
)
Table = dict[str, Any]


def main(folder: Path) -> None:
    table = tomllib.loads((HERE / "packages.toml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="miniature-") as name:
        work = Path(name)
        debs = fetch(table, work)
        recipes = plan(table, debs)
        for rpm, about in recipes.items():
            assemble(rpm, about, debs, table, work)
        write_key(work)
        build(recipes, work)
        publish(work, folder)


def run(*argv: object, **about: Any) -> str:
    words = [str(word) for word in argv]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, **about)
    return str(done.stdout)


# Debian's packages.


def fetch(table: Table, work: Path) -> dict[str, Path]:
    """Return the Debian packages that are needed, by name, with all they depend on."""
    state = work / "apt"
    for part in ("lists", "archives"):
        (state / part / "partial").mkdir(parents=True)
    (state / "status").touch()
    named = [deb for about in table["packages"].values() for deb in about.get("debs", ())]
    apt = ["apt-get", "-qq", "-o", f"Dir::State::status={state}/status"]
    apt += ["-o", f"Dir::Cache={state}", "-o", "APT::Install-Recommends=false"]
    wanted = [f"linux-image-cloud-{_debian()}" if "*" in deb else deb for deb in named]
    listed = run(*apt, "--print-uris", "install", *wanted, *_ALSO)
    rows = [line.split() for line in listed.splitlines()]
    chosen = [unquote(row[1]).split("_") for row in rows]
    names = [
        f"{name}={version}" for name, version, _ in chosen if not _is_any(name, table["left_out"])
    ]
    (work / "debs").mkdir()
    run(*apt, "download", *names, cwd=work / "debs")
    return {file.name.split("_")[0]: file for file in sorted((work / "debs").iterdir())}


def _debian() -> str:
    return run("dpkg", "--print-architecture").strip()


def _is_any(name: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def plan(table: Table, debs: dict[str, Path]) -> dict[str, Table]:
    """Return what each RPM is made of; a Debian package that none names is one of its own."""
    recipes = {name: dict(about) for name, about in table["packages"].items()}
    taken = set()
    for about in recipes.values():
        about["debs"] = [deb for deb in debs if _is_any(deb, about.get("debs", []))]
        taken |= set(about["debs"])
    recipes |= {deb: {"debs": [deb]} for deb in debs if deb not in taken}
    for about in recipes.values():
        about["version"] = _version(about, recipes, debs)
    return recipes


def _version(about: Table, recipes: dict[str, Table], debs: dict[str, Path]) -> str:
    given = str(about.get("version", ""))
    if given.startswith("@"):
        return _version(recipes[given[1:]], recipes, debs)
    return given or run("dpkg-deb", "--field", debs[about["debs"][0]], "Version").strip()


# What goes into each RPM.


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


def unpack(deb: Path, about: Table, drop: list[str], root: Path) -> None:
    """Unpack what the RPM has of *deb*: below /usr what was beside it, and without Perl."""
    keep, drop = about.get("keep", ["*"]), [*drop, *about.get("drop", [])]
    with (
        subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as process,
        tarfile.open(fileobj=process.stdout, mode="r|") as archive,
    ):
        archive.extraction_filter = lambda member, _: member  # Debian's own; as it is
        for member in archive:
            path = _place(member.name, about)
            is_needed = not member.isdir() and _is_any(path, keep) and not _is_any(path, drop)
            if not is_needed:
                continue
            member.name = path.lstrip("/")
            if member.islnk():
                member.linkname = _place(member.linkname, about).lstrip("/")
            if (member.uname, member.gname) != ("root", "root"):
                about["owners"][path] = (member.uname, member.gname)
            archive.extract(member, root, set_attrs=False)
            if member.isreg():
                _finish(root / member.name, member)


def _place(name: str, about: Table) -> str:
    """Return the path of an archive's member in the RPM."""
    path = re.sub(
        r"^/(bin|sbin|lib|lib32|lib64|libx32)(?=/)",
        r"/usr/\1",
        "/" + name.removeprefix("./").lstrip("/"),
    )
    for old, new in about.get("moved", {}).items():
        found = re.fullmatch(re.escape(old).replace(r"\*", "(.*)"), path)
        if found:
            return new.replace("*", found[1]) if "*" in old else new
    return path


def _finish(file: Path, member: tarfile.TarInfo) -> None:
    with file.open("rb") as content:
        first = content.readline(80)
    if member.mode & 0o111 and first.startswith(b"#!") and re.search(rb"perl|python", first):
        file.unlink()  # a distribution without them is a third of the size
        return
    file.chmod(member.mode)
    os.utime(file, (member.mtime, member.mtime))


def _make_efi_image(target: Path, work: Path) -> None:
    """Make the image that Fedora signs: it reads the grub.cfg beside it."""
    modules = "all_video boot cat chain configfile echo efi_gop ext2 fat font gfxterm halt linux \
        loopback lvm normal part_gpt part_msdos reboot regexp search search_fs_uuid search_label \
        serial sleep test true xfs"
    folder = work / "roots/grub2-efi-x64-modules/usr/lib/grub/x86_64-efi"
    prefix = "/" + "/".join(target.parent.parts[-2:])
    argv = ["grub-mkimage", "-O", "x86_64-efi", "-p", prefix, "-d", folder, "-o", target]
    run(*argv, *modules.split())


def _make_locale(name: str, locales: Path, root: Path, work: Path) -> None:
    source = work / "locales"
    run("dpkg-deb", "-x", locales, source)
    target = _file(root, f"/usr/lib/locale/{name}.utf8")
    compiled = ("-i", name, "-f", "UTF-8", "--no-archive", target)
    run("localedef", *compiled, env={**os.environ, "I18NPATH": str(source / "usr/share/i18n")})


# From roots to a repository.


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


def write_key(work: Path) -> None:
    home = work / "gnupg"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback"]
    run(*gpg, "--passphrase", "", "--quick-generate-key", _SIGNER, "rsa2048", "sign", "never")
    (work / KEY).write_text(run(*gpg, "--armor", "--export", _SIGNER), encoding="ascii")


def publish(work: Path, folder: Path) -> None:
    """Sign the RPMs and lay them out in *folder*, with comps."""
    rpms = sorted((work / "build/RPMS").rglob("*.rpm"))
    macros = (f"_gpg_name {_SIGNER}", f"_gpg_path {work}/gnupg", "__gpg /usr/bin/gpg")
    defines = [word for macro in macros for word in ("--define", macro)]
    run("rpmsign", "--addsign", *defines, *rpms, stderr=subprocess.DEVNULL)
    run("gpgconf", "--homedir", work / "gnupg", "--kill", "all")
    target = folder / TREE
    for rpm in rpms:
        place = target / "Packages" / rpm.name[0].lower()
        place.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(rpm, place / rpm.name)
    argv = ["createrepo_c", "--quiet", "--groupfile", HERE / "comps.xml", "--revision", EPOCH]
    run(*argv, "--set-timestamp-to-revision", target)
    shutil.copyfile(work / KEY, folder / KEY)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
