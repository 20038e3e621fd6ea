"""RPMs, signed and laid out as a repository."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from commands import run
from specs import EPOCH

HERE = Path(__file__).parent
TREE = "releases/1/Everything/x86_64/os"
KEY = "RPM-GPG-KEY-miniature"
_SIGNER = "Miniature Linux <security@miniature.example.org>"


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
