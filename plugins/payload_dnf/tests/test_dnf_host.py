"""What of the host gets in: its own repositories where none is named, and otherwise nothing."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path

import pytest

from applbuild import Source
from applbuild.room import Bind
from applbuild_payload_dnf.options import DnfOptions

NEEDED = ("alternatives", "group", "hosts", "ld.so.cache", "nsswitch.conf", "passwd", "rpm", "ssl")
FEDORA = "ID=fedora\nVERSION_ID=41\n"
STREAM = 'ID=centos\nID_LIKE="rhel fedora"\nVERSION_ID="9.4"\n'


@pytest.fixture
def etc(repository):
    """Returns what makes an /etc for the room of what programs need of the host's, and *files*."""

    def make(files, release=FEDORA):
        folder = repository.home / "etc"
        folder.mkdir()
        for name in NEEDED:
            real = Path("/etc", name)
            if real.is_dir():
                shutil.copytree(real, folder / name, symlinks=True, ignore=unreadable)
            elif real.exists():
                shutil.copy(real, folder / name)
        for name, text in {"os-release": release, **files}.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return (Bind(folder, Path("/etc")),)

    return make


def unreadable(folder, names):
    return [name for name in names if name == "private"]


@pytest.fixture
def stocked(repository):
    repository.add("app", "Requires: lib")
    repository.add("lib")
    repository.publish()
    return repository


def names(resolution):
    return {package.name for package in resolution.packages}


def test_nothing_of_the_hosts_configuration_gets_in(stocked, resolve, etc):
    without = "[main]\nexcludepkgs=lib\nproxy=http://127.0.0.1:1\nbest=0\n"
    poisoned = etc(
        {
            "dnf/dnf.conf": without,
            "dnf/libdnf5.conf.d/50-site.conf": without,
            "dnf/repos.override.d/50-site.repo": "[*]\nexcludepkgs=lib\n",
            "dnf/aliases.d/USER.conf": "[aliases]\ninstall = install --exclude=lib\n",
            "dnf/plugins/site.conf": "[main]\nenabled=1\n",
            "dnf/vars/place": "elsewhere",
            "yum.repos.d/site.repo": "[site]\nname=Site\nbaseurl=http://127.0.0.1:1/\n",
        }
    )
    source = Source(command="url", url=f"file://{stocked.home}/$place")
    stocked.folder.rename(stocked.home / "$place")
    assert names(resolve("app", sources=(source,), binds=poisoned)) == {"app", "lib"}


@pytest.mark.parametrize(("release", "number"), [(FEDORA, "41"), (STREAM, "9")])
def test_without_sources_the_hosts_own_repositories_are_used(
    stocked, resolve, etc, release, number
):
    arch = platform.machine()
    stocked.folder.rename(stocked.home / f"{number}-stream-{arch}")
    repo = (
        f"[own]\nname=Own $releasever\nbaseurl=file://{stocked.home}/$releasever-$track-$basearch\n"
        "gpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-$releasever-$basearch\n"
        "[debug]\nname=Debug\nbaseurl=http://mirror.example.org/\nenabled=0\n"
    )
    files = {
        "yum.repos.d/own.repo": repo,
        "dnf/vars/track": "stream\n",
        f"pki/rpm-gpg/RPM-GPG-KEY-{number}-{arch}": stocked.key.read_text(),
    }
    binds = etc(files, release)
    resolution = resolve("app", sources=(), options=DnfOptions(), binds=binds)
    assert names(resolution) == {"app", "lib"}


def test_the_hosts_keys_verify_what_a_kickstart_names(stocked, resolve, etc):
    binds = etc({"pki/rpm-gpg/RPM-GPG-KEY-own": stocked.key.read_text()})
    assert names(resolve("app", options=DnfOptions(), binds=binds)) == {"app", "lib"}


def test_a_key_that_is_not_on_this_host_is_asked_for_as_a_file(stocked, resolve, etc, refused):
    address = "https://mirror.example.org/KEY"
    repo = f"[own]\nname=Own\nbaseurl={stocked.url}\ngpgkey={address}\n"
    binds = etc({"yum.repos.d/own.repo": repo})
    error = refused(resolve, "app", sources=(), options=DnfOptions(), binds=binds)
    assert error.message == f"the key {address} of the repository own is not on this host"
    assert "keys=FILE" in error.hint


def test_a_host_without_repositories_is_told_to_name_one(stocked, resolve, etc, refused):
    error = refused(resolve, "app", sources=(), options=DnfOptions(), binds=etc({}))
    assert "this host has none of its own" in error.message
    assert "url --url=http://mirror.example.org" in error.hint
