from __future__ import annotations

import pytest

from applbuild import KickstartError, Needs, PackageName, PackageSelection, Place, Request
from applbuild_payload_apt.index import parse_index
from applbuild_payload_apt.selection import wishes

INDEX = parse_index(
    """Package: base
Essential: yes
Priority: required

Package: apt
Priority: important

Package: tzdata
Priority: required

Package: nano
Priority: important

Package: manpages
Priority: standard

Package: task-ssh-server
Priority: optional

Package: openssh-server
Priority: optional
Provides: ssh-server

Package: exim
Provides: mail-agent

Package: postfix
Provides: mail-agent
"""
)
PLACE = Place("x.ks", 7)


def names(*wanted: str, unwanted: tuple[str, ...] = (), needed: tuple[str, ...] = ()) -> list[str]:
    request = Request(
        name="x",
        kickstart="",
        digest="",
        packages=PackageSelection(
            wanted=tuple(PackageName(name=name, place=PLACE) for name in wanted),
            unwanted=tuple(PackageName(name=name, place=PLACE) for name in unwanted),
        ),
    )
    needs = Needs(
        packages=(
            ("deb", tuple(PackageName(name=name, reason="a test") for name in needed)),
            ("rpm", (PackageName(name="never"),)),
        )
    )
    return [wish.name for wish in wishes(request, needs, INDEX)]


BASE = ["base", "tzdata", "apt"]


@pytest.mark.parametrize(
    ("wanted", "added"),
    [
        ("nano", ["nano"]),
        ("nano=1.*", ["nano"]),
        ("nan*", ["nano"]),
        ("ssh-server", ["openssh-server"]),
        ("@core", ["nano"]),
        ("@standard", ["nano", "manpages"]),
        ("@ssh-server", ["task-ssh-server"]),
        ("base", []),
    ],
)
def test_what_the_kickstart_may_name(wanted, added):
    assert names(wanted) == [*BASE, *added]


@pytest.mark.parametrize(
    ("wanted", "message", "hint"),
    [
        ("openssh-servr", "have no package openssh-servr", "openssh-server"),
        ("zz*", "no package matches", ""),
        ("mail-agent", "several provide", "exim, postfix"),
        ("@gnome-desktop", "apt knows no groups", "task-gnome-desktop"),
    ],
)
def test_what_it_may_not_name_is_refused_with_its_place(wanted, message, hint):
    with pytest.raises(KickstartError, match=message) as caught:
        names(wanted)
    assert caught.value.place == PLACE
    assert hint in caught.value.hint


def test_exclusions_hold_for_everything_but_what_is_essential():
    assert names("@core", unwanted=("nano", "tz*"), needed=("openssh-server",)) == [
        *("base", "apt", "openssh-server")
    ]
    with pytest.raises(KickstartError, match="no Debian system can do without") as caught:
        names(unwanted=("ba*",))
    assert caught.value.place == PLACE


def test_the_first_alternative_that_exists_and_is_not_excluded_is_taken():
    assert names(needed=("gone|nano|exim",))[-1] == "nano"
    assert names(needed=("gone|nano|exim",), unwanted=("nano",))[-1] == "exim"
    assert names(needed=("nano",), unwanted=("nano",)) == BASE
    with pytest.raises(KickstartError, match="which is needed: a test"):
        names(needed=("gone",))
