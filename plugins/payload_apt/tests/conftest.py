"""A Debian archive small enough to make for each test, signed like a real one."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import attrs
import pytest

ARCHITECTURE = subprocess.run(
    ["dpkg", "--print-architecture"], check=True, capture_output=True, text=True
).stdout.strip()


def build_deb(folder: Path, fields: str, content: str = "", epoch_seconds: int = 1_000_000_000):
    """Return a package with *fields* besides the ones every package has, and one file."""
    lines = dict(line.split(": ", 1) for line in fields.strip().splitlines())
    name, version = lines["Package"], lines.setdefault("Version", "1.0")
    rest = {"Architecture": "all", "Maintainer": "Nobody <n@example.org>", "Description": "a test"}
    root = folder / f"{name}-{version}-root"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "usr/share").mkdir(parents=True)
    (root / "usr/share" / name).write_text(content or name)
    control = "".join(f"{key}: {value}\n" for key, value in {**lines, **rest}.items())
    (root / "DEBIAN/control").write_text(control)
    deb = folder / f"{name}_{version}_all.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "--build", root, deb],
        check=True,
        capture_output=True,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch_seconds)},
    )
    shutil.rmtree(root)
    return deb


@attrs.frozen
class FakeArchive:
    folder: Path
    home: Path
    keyring: Path

    @property
    def url(self) -> str:
        return f"file://{self.folder}/dists/test/main"

    def armored(self) -> str:
        """Return the key in the form that text can hold."""
        gpg(self.home, "--armor", "--export", "--output", self.home / "key.asc")
        return (self.home / "key.asc").read_text()

    def publish(self, *packages: str, origin: str = "Example", is_signed: bool = True) -> None:
        """Put *packages* (control fields) into the archive, and nothing else."""
        pool, suite = self.folder / "pool", self.folder / "dists/test"
        for stale in (pool, suite):
            shutil.rmtree(stale, ignore_errors=True)
            stale.mkdir(parents=True)
        stanzas = []
        for number, fields in enumerate(packages):
            deb = build_deb(pool, fields, epoch_seconds=1_000_000_000 + number)
            control = subprocess.run(
                ["dpkg-deb", "--field", deb], check=True, capture_output=True, text=True
            ).stdout
            digest = hashlib.sha256(deb.read_bytes()).hexdigest()
            place = f"Filename: pool/{deb.name}\nSize: {deb.stat().st_size}\nSHA256: {digest}\n"
            stanzas.append(f"{control}Installed-Size: 7\n{place}")
        index = suite / f"main/binary-{ARCHITECTURE}/Packages"
        index.parent.mkdir(parents=True)
        index.write_text("\n".join(stanzas))
        digest = hashlib.sha256(index.read_bytes()).hexdigest()
        release = (
            f"Origin: {origin}\nSuite: test\nCodename: test\nArchitectures: {ARCHITECTURE}\n"
            f"Components: main\nDate: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n"
            f" {digest} {index.stat().st_size} main/binary-{ARCHITECTURE}/Packages\n"
        )
        (suite / "Release").write_text(release)
        if is_signed:
            gpg(self.home, "--clearsign", "--output", suite / "InRelease", suite / "Release")


def gpg(home: Path, *argv: object) -> None:
    common = ["gpg", "--batch", "--yes", "--quiet", "--pinentry-mode", "loopback"]
    environment = {**os.environ, "GNUPGHOME": str(home)}
    subprocess.run(
        [*common, "--passphrase", "", *map(str, argv)],
        check=True,
        capture_output=True,
        env=environment,
    )


@pytest.fixture(scope="session")
def signer(tmp_path_factory: pytest.TempPathFactory):
    home = tmp_path_factory.mktemp("gpg")
    home.chmod(0o700)
    gpg(home, "--quick-generate-key", "Test <t@example.org>", "ed25519", "sign", "never")
    gpg(home, "--export", "--output", home / "ring.gpg")
    yield home
    subprocess.run(
        ["gpgconf", "--kill", "all"], check=False, env={**os.environ, "GNUPGHOME": str(home)}
    )


@pytest.fixture
def archive(tmp_path: Path, signer: Path) -> FakeArchive:
    return FakeArchive(folder=tmp_path / "archive", home=signer, keyring=signer / "ring.gpg")


@pytest.fixture
def make_deb(tmp_path: Path):
    """Return what builds a package of the given control fields."""
    return lambda fields, **values: build_deb(tmp_path, fields, **values)
