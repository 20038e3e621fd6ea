from __future__ import annotations

import pytest

import applbuild_payload_apt as backend
from applbuild import Claim, Host, PackageName, PackageSelection, Place, Request, Severity, Source

ARCHIVE = "http://mirror.example.org/debian/dists/bookworm/main"
RPMS = "http://mirror.example.org/fedora/40/os"
PATH = "/usr/bin:/bin"


def host(distribution: str = "debian", path: str = PATH, architecture: str = "x86_64") -> Host:
    return Host(
        architecture=architecture,
        distribution=distribution,
        family=(distribution,) if distribution != "ubuntu" else ("ubuntu", "debian"),
        codename="bookworm",
        path=path,
    )


def request(*sources: Source, wanted: tuple[str, ...] = (), **changes) -> Request:
    packages = PackageSelection(wanted=tuple(PackageName(name=name) for name in wanted))
    return Request(name="x", kickstart="", digest="", sources=sources, packages=packages, **changes)


def source(url: str, command: str = "url") -> Source:
    return Source(command=command, url=url, place=Place("x.ks", 4))


@pytest.mark.parametrize(
    ("asked", "where", "claim"),
    [
        (request(source(ARCHIVE)), host("fedora"), Claim.FITS),
        (request(source(ARCHIVE), source(RPMS, "repo")), host(), Claim.FITS),
        (request(source(RPMS)), host(), Claim.NONE),
        (request(source("file:///a.tar", "liveimg")), host(), Claim.NONE),
        (request(source(ARCHIVE), source("file:///a.tar", "liveimg")), host(), Claim.NONE),
        (request(), host(), Claim.FITS),
        (request(), host("ubuntu"), Claim.FITS),
        (request(), host("fedora"), Claim.NONE),
        (request(), host(path="/nowhere"), Claim.NONE),
    ],
)
def test_debian_archives_are_claimed_and_nothing_else(asked, where, claim):
    assert backend.applbuild_claim(asked, where) is claim


def test_a_sound_request_has_no_problems():
    asked = request(source(ARCHIVE))
    assert backend.applbuild_check(asked, host("fedora")) == ()


def test_everything_wrong_is_said_at_once_with_its_place():
    asked = request(source(ARCHIVE), source(RPMS, "repo"), architecture="ppc64le")
    problems = backend.applbuild_check(asked, host())
    assert [p.place and p.place.line for p in problems] == [None, 4]
    assert {p.severity for p in problems} == {Severity.ERROR}


def test_a_host_without_own_archives_must_be_told_of_one():
    (problem,) = backend.applbuild_check(request(), host("fedora"))
    assert "names no archive" in problem.message
    assert "/dists/" in problem.hint


@pytest.mark.parametrize(
    ("wanted", "left_out"),
    [
        ((), set()),
        (("linux-image-cloud-amd64",), {"linux-image-amd64|linux-image-generic"}),
        (("linux-virtual",), {"linux-image-amd64|linux-image-generic"}),
        (("dracut",), {"initramfs-tools"}),
        (("sysvinit-core",), {"systemd-sysv"}),
    ],
)
def test_what_every_appliance_needs_gives_way_to_what_the_kickstart_names(wanted, left_out):
    def needed(*names: str) -> set[str]:
        needs = backend.applbuild_needs(request(wanted=names))
        assert all(package.reason for package in needs.of_family("deb"))
        return {package.name for package in needs.of_family("deb")}

    assert needed() - needed(*wanted) == left_out
