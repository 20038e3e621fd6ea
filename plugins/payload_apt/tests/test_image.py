"""What is written into the image, and what is taken out of it again."""

from __future__ import annotations

import pytest

from applbuild import Package, Tree
from applbuild_payload_apt.archives import Archive
from applbuild_payload_apt.image_sources import write_sources
from applbuild_payload_apt.traces import mark_dependencies, remove_traces

OWN = "http://mirror.example.org/debian"
KEYRING = "usr/share/keyrings/debian-archive-keyring.gpg"


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "system"
    for folder in ("etc/apt", "etc/ssh", "usr/share/keyrings", "var/lib/dpkg", "var/lib/apt"):
        (root / folder).mkdir(parents=True)
    return Tree(root=root, folders=(("/", root),))


def sources(tree, *archives, keyring=None) -> str:
    write_sources(archives, keyring, tree)
    return tree.path("/etc/apt/sources.list").read_text()


def test_the_image_gets_the_same_sources_with_a_keyring_it_has(tree):
    (tree.root / KEYRING).touch()
    archive = Archive(uri=OWN, suite="bookworm", components=("main", "contrib"))
    assert sources(tree, (archive, "Debian")) == (
        f"deb [signed-by=/{KEYRING}] {OWN} bookworm main contrib\n"
    )


def test_a_keyring_of_the_host_goes_along(tree, tmp_path):
    key = tmp_path / "corp.gpg"
    key.write_bytes(b"key")
    copy = "/etc/apt/keyrings/corp.gpg"
    archive = Archive(uri=OWN, suite="x")
    assert f"[signed-by={copy}]" in sources(tree, (archive, "Corp"), keyring=str(key))
    assert tree.path(copy).read_bytes() == b"key"
    signed = Archive(uri=OWN, suite="x", signed_by=str(key))
    assert f"[signed-by={copy}]" in sources(tree, (signed, "Corp"))


def test_without_any_keyring_the_systems_own_count(tree):
    assert sources(tree, (Archive(uri=OWN, suite="x"), "Corp")) == f"deb {OWN} x main\n"


def test_folders_of_the_host_are_no_source_of_the_image(tree):
    assert sources(tree, (Archive(uri="copy:/srv/mirror", suite="x"), "")) == ""


def test_dependencies_are_marked_as_such(tree):
    common = {"version": "1", "architecture": "all", "download_bytes": 1, "installed_bytes": 1}
    packages = tuple(
        Package(name=name, reason=reason, **common)
        for name, reason in (("z", "dependency"), ("app", "asked"), ("b", "dependency"))
    )
    mark_dependencies(packages, "dependency", "amd64", tree)
    assert tree.path("/var/lib/apt/extended_states").read_text() == (
        "Package: b\nArchitecture: amd64\nAuto-Installed: 1\n\n"
        "Package: z\nArchitecture: amd64\nAuto-Installed: 1\n"
    )


def test_traces_are_removed_and_the_rest_is_kept(tree):
    traces = (
        *("var/lib/apt/lists/x_Packages", "var/cache/apt/pkgcache.bin", "var/log/apt/history.log"),
        *("var/log/dpkg.log", "var/lib/dpkg/status-old", "etc/ssh/ssh_host_rsa_key"),
        *("etc/ssh/ssh_host_rsa_key.pub", "var/cache/ldconfig/aux-cache", "etc/machine-id"),
    )
    kept = ("etc/ssh/sshd_config", "var/lib/dpkg/status", "var/log/wtmp")
    for name in (*traces, *kept):
        (tree.root / name).parent.mkdir(parents=True, exist_ok=True)
        (tree.root / name).write_text("x")
    remove_traces(tree)
    left = {str(f.relative_to(tree.root)) for f in tree.root.rglob("*") if f.is_file()}
    assert left == {*kept, "etc/machine-id"}
    assert tree.path("/etc/machine-id").read_text() == ""
    assert tree.path("/var/lib/apt/lists").is_dir()
