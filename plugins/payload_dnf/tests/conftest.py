"""A repository of RPM packages small enough to make for each test, signed like a real one."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import attrs
import pytest

from applbuild import (
    KickstartError,
    Needs,
    PackageName,
    PackageSelection,
    Place,
    Request,
    Source,
    namespace,
)
from applbuild.room import CACHE, Bind, Room
from applbuild_payload_dnf.options import DnfOptions

PLACE = Place("x.ks", 3)
SPEC = """\
Name: {name}
Version: {version}
Release: 1
Summary: a test
License: none
BuildArch: noarch
{fields}
%description
A test.
%files
"""
MACROS = (
    "_topdir {folder}/build",
    "_rpmdir {folder}",
    "_build_name_fmt %%{{NAME}}.rpm",
    "_buildhost localhost",
    "use_source_date_epoch_as_buildtime 1",
    "_gpg_name {signer}",
    "_gpg_path {gnupg}",
    "__gpg /usr/bin/gpg",
)


def run(*argv, **about):
    return subprocess.run(
        [str(word) for word in argv], check=True, capture_output=True, text=True, **about
    ).stdout


@attrs.frozen
class FakeRepository:
    """A folder with packages, the key that signs them, and somebody else's key."""

    folder: Path
    home: Path
    gnupg: Path
    key: Path
    other_key: Path

    @property
    def url(self) -> str:
        return f"file://{self.folder}"

    def add(self, name, fields="", signer="good", version="1.0"):
        """Add a package; *signer* is `good`, `other`, or None."""
        spec = self.home / f"{name}.spec"
        spec.write_text(SPEC.format(name=name, fields=fields, version=version))
        place = {"folder": self.home, "gnupg": self.gnupg, "signer": signer}
        defines = [word for m in MACROS for word in ("--define", m.format(**place))]
        run(
            "rpmbuild", "-bb", *defines, spec, env={**os.environ, "SOURCE_DATE_EPOCH": "1000000000"}
        )
        built = self.home / f"{name}.rpm"
        if signer:
            run("rpmsign", "--addsign", *defines, built)
        target = self.folder / f"{name}-{version}-1.noarch.rpm"
        shutil.move(built, target)
        return target

    def publish(self, comps=None, modules=""):
        """Write the index of what was added; *modules* are documents of modulemd."""
        words = ["--groupfile", comps] if comps else []
        run("createrepo_c", "--quiet", *words, self.folder)
        if modules:
            file = self.home / "modules.yaml"
            file.write_text(modules)
            run("modifyrepo_c", "--mdtype=modules", file, self.folder / "repodata")


@pytest.fixture(scope="session")
def signers():
    """A folder with the keys of two people."""
    # Everyone's room can see it there, and gpg's sockets have short names.
    home = Path(tempfile.mkdtemp(prefix="signers-", dir="/var/tmp"))
    gpg = ["gpg", "--homedir", home / "gnupg", "--batch", "--quiet", "--pinentry-mode", "loopback"]
    (home / "gnupg").mkdir(mode=0o700)
    for name in ("good", "other"):
        words = ("--passphrase", "", "--quick-generate-key", name, "rsa2048", "sign", "never")
        run(*gpg, *words)
        (home / f"{name}.asc").write_text(run(*gpg, "--armor", "--export", name))
    yield home
    run("gpgconf", "--homedir", home / "gnupg", "--kill", "all")
    shutil.rmtree(home)


@pytest.fixture
def repository(signers):
    home = Path(tempfile.mkdtemp(prefix="rpms-", dir="/var/tmp"))
    home.chmod(0o755)
    for name in ("good.asc", "other.asc"):
        shutil.copy(signers / name, home / name)
    (home / "repository").mkdir()
    yield FakeRepository(
        home / "repository", home, signers / "gnupg", home / "good.asc", home / "other.asc"
    )
    shutil.rmtree(home)


@attrs.frozen
class Programs:
    """One generation of dnf, as the tests' room has it."""

    generation: int
    commands: Path
    """A folder that comes before those of the host."""
    binds: tuple[Bind, ...]


@pytest.fixture(scope="session")
def dnf4(tmp_path_factory):
    """The host's own; where it has dnf 5 too, that is hidden."""
    assert shutil.which("dnf-3"), "install dnf 4"
    folder = tmp_path_factory.mktemp("dnf4")
    (folder / "none").touch()
    newer = shutil.which("dnf5")
    binds = [Bind(folder / "none", Path(newer).resolve())] if newer else []
    return Programs(4, folder, tuple(binds))


@pytest.fixture(scope="session")
def dnf5():
    """The host's own, or where it has none that of a newer Debian."""
    found = shutil.which("dnf5")
    if found:
        yield Programs(5, Path(found).parent, ())
        return
    home = Path(tempfile.mkdtemp(prefix="dnf5-", dir="/var/tmp"))
    home.chmod(0o755)
    yield Programs(5, _sibling("dnf5_from_debian").unpack(home), (Bind(home, home),))
    shutil.rmtree(home)


@pytest.fixture(params=["dnf4", "dnf5"])
def dnf(request):
    """Each generation in turn, or the one that the test says."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def resolve(repository, tmp_path, dnf):
    """Returns what resolves names against the repository and fetches them, in a room."""
    cache = tmp_path / "cache"
    cache.mkdir()

    def call(
        *wanted,
        unwanted=(),
        modules=(),
        options=None,
        said=(),
        sources=None,
        needs=(),
        is_fetched=True,
        binds=(),
    ):
        usual = (Source(command="url", url=repository.url, place=PLACE),)
        request = Request(
            name="x",
            kickstart="x.ks",
            digest="",
            sources=usual if sources is None else sources,
            packages=PackageSelection(
                wanted=tuple(PackageName(name=name, place=PLACE) for name in wanted),
                unwanted=tuple(PackageName(name=name, place=PLACE) for name in unwanted),
                modules=modules,
                options=tuple({name: value or "yes" for name, value in _pairs(said)}.items()),
                place=PLACE,
            ),
        )
        shown = (
            Bind(cache, CACHE, is_writable=True),
            Bind(repository.home, repository.home),
            *dnf.binds,
            *binds,
        )
        needed = tuple(PackageName(name=name, reason="a test") for name in needs)
        return namespace.call(
            _sibling("dnf_room").resolve,
            request,
            Needs(packages=(("rpm", needed),)),
            options or DnfOptions(keys=(repository.key,)),
            is_fetched,
            dnf.commands,
            room=Room(binds=shown, work_bytes=2**28),
        )

    return call


@pytest.fixture
def place():
    """The line of the kickstart that all is said to come from."""
    return PLACE


@pytest.fixture
def sibling():
    """Returns what imports a module of this folder."""
    return _sibling


def _pairs(said):
    """Return options, `name` or `name=value`, as pairs."""
    return [word.partition("=")[::2] for word in said]


def _sibling(name):
    """Import a module of this folder, in such a way that a room can do so too."""
    folder = os.fspath(Path(__file__).parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(name)


@pytest.fixture
def refused():
    """Returns the error with which something is refused."""

    def call(function, *values, **about):
        with pytest.raises(KickstartError) as caught:
            function(*values, **about)
        return caught.value

    return call
