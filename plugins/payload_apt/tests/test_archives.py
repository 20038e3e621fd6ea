from __future__ import annotations

import pytest

from applbuild import Source
from applbuild_payload_apt.archives import (
    Archive,
    as_logins,
    as_sources,
    is_archive,
    login_of,
    named_archive,
)


def named(url: str) -> Archive:
    return named_archive(Source(command="url", url=url))


@pytest.mark.parametrize(
    ("url", "suite", "components"),
    [
        ("http://mirror.example.org/debian/dists/bookworm", "bookworm", ("main",)),
        ("http://mirror.example.org/debian/dists/bookworm/", "bookworm", ("main",)),
        (
            "http://mirror.example.org/debian/dists/bookworm/main/contrib",
            "bookworm",
            ("main", "contrib"),
        ),
        (
            "http://mirror.example.org/debian/dists/bullseye/updates/main",
            "bullseye/updates",
            ("main",),
        ),
    ],
)
def test_a_suite_is_read_from_its_address(url, suite, components):
    assert named(url) == Archive(
        uri="http://mirror.example.org/debian", suite=suite, components=components
    )


@pytest.mark.parametrize(
    "url",
    ["http://mirror.example.org/fedora/40/os", "http://mirror.example.org/dists/", "", "dists/x"],
)
def test_other_addresses_are_no_archives(url):
    assert not is_archive(url)


def test_a_folder_of_the_host_is_copied_from():
    assert named("file:///srv/mirror/dists/test").uri == "copy:/srv/mirror"


def test_a_login_is_kept_apart_from_the_address():
    source = Source(
        command="url", url="https://me:p%40ss@mirror.example.org:8443/debian/dists/stable/main"
    )
    archive, login = named_archive(source), login_of(source)
    assert archive.uri == "https://mirror.example.org:8443/debian"
    assert login is not None
    assert "p@ss" not in repr(login)
    assert as_logins((login,)) == (
        "machine https://mirror.example.org:8443/debian/ login me password p@ss\n"
    )
    assert "p@ss" not in as_sources((archive,))


def test_an_address_without_login_has_none():
    assert login_of(Source(command="url", url="http://mirror.example.org/dists/x")) is None


def test_sources_name_what_verifies_them():
    archive = Archive(uri="http://mirror.example.org/debian", suite="x", signed_by="/k.gpg")
    assert as_sources((archive,)) == (
        "Types: deb\nURIs: http://mirror.example.org/debian/\nSuites: x\nComponents: main\n"
        "Signed-By: /k.gpg\n"
    )
