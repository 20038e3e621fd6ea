from __future__ import annotations

import pytest

from applbuild.model.problem import Severity


def test_language_keyboard_and_time_zone_are_settings(understand):
    settings = understand(
        "lang de_DE.UTF-8\nkeyboard de\ntimezone --utc Europe/Berlin\n"
    ).request.settings

    assert (settings.language, settings.keyboard) == ("de_DE.UTF-8", "de")
    assert (settings.timezone, settings.is_clock_utc) == ("Europe/Berlin", True)


@pytest.mark.parametrize(
    ("line", "is_utc"),
    [("timezone UTC", False), ("timezone --isUtc UTC", True), ("timezone UTC --utc", True)],
)
def test_the_clock_runs_in_utc_only_where_the_time_zone_says_so(understand, line, is_utc):
    assert understand(f"{line}\n").request.settings.is_clock_utc is is_utc


@pytest.mark.parametrize(
    ("line", "keymap"),
    [
        ("keyboard --vckeymap=us --xlayouts='de'", "us"),
        ("keyboard --xlayouts='de','us'", "de"),
        ("keyboard --xlayouts='cz (qwerty)'", "cz"),
        ("keyboard 'fr'", "fr"),
    ],
)
def test_the_keymap_is_named_or_that_of_the_first_layout(understand, line, keymap):
    assert understand(f"{line}\n").request.settings.keyboard == keymap


def test_the_last_hostname_counts(understand):
    reading = understand("network --hostname=a\nnetwork --hostname=b.example.org\n")

    assert reading.request.settings.hostname == "b.example.org"


def test_dhcp_on_an_ethernet_is_honoured_without_a_word(understand):
    reading = understand("network --bootproto=dhcp --device=link --onboot=on --activate\n")

    assert reading.request.problems == ()


def test_a_static_address_is_not_honoured_yet(understand, told):
    reading = understand(
        "network --device=eth0 --bootproto=static --ip=192.0.2.7 --netmask=255.255.255.0"
        " --nameserver=192.0.2.1\n"
    )

    assert told(reading, Severity.WARNING) == [
        (
            "1: `network --bootproto=static, --ip, --netmask` is not honoured yet: "
            "the interface gets its address by DHCP instead"
        ),
        "1: `network --nameserver` is not honoured yet: name servers are those that DHCP names",
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("network --hostname=x\n", 1),
        ("network --device=eth0\nnetwork --device=eth0 --hostname=x\n", 1),
        ("network --device=eth0\nnetwork --device=eth1\n", 2),
        ("network --device=bond0 --bondslaves=eth0,eth1\n", 2),
        ("network --device=eth0 --vlanid=7\nnetwork --device=eth0\n", 1),
    ],
)
def test_the_machine_has_as_many_interfaces_as_the_kickstart_speaks_of(understand, text, count):
    assert understand(text).request.nics == count


def test_services_are_turned_on_and_off_and_the_last_word_counts(understand):
    reading = understand("services --enabled=a,b --disabled=c\nservices --disabled=a\n")

    assert {s.name: s.is_enabled for s in reading.request.settings.services} == {
        "a": False,
        "b": True,
        "c": False,
    }


def test_a_user_has_all_that_its_line_says(understand):
    (user,) = understand(
        "user --name=ada --uid=1500 --gid=1600 --groups=wheel,users --homedir=/srv/ada"
        " --shell=/bin/sh --gecos='Ada L.' --lock\n"
    ).request.settings.users

    assert (user.name, user.uid, user.gid) == ("ada", 1500, 1600)
    assert (user.groups, user.home, user.shell) == (("wheel", "users"), "/srv/ada", "/bin/sh")
    assert (user.full_name, user.is_locked) == ("Ada L.", True)


def test_a_second_line_for_a_user_replaces_the_first(understand, told):
    reading = understand("user --name=ada --uid=7\nuser --name=ada --uid=8\n")

    assert [user.uid for user in reading.request.settings.users] == [8]
    assert told(reading, Severity.NOTE)[0].startswith("2: the account ada")


def test_groups_and_ssh_keys_are_settings(understand):
    settings = understand(
        "group --name=staff --gid=70\nsshkey --username=ada 'ssh-ed25519 AAAA ada@x'\n"
    ).request.settings

    assert [(group.name, group.gid) for group in settings.groups] == [("staff", 70)]
    assert [(key.user, key.key) for key in settings.ssh_keys] == [("ada", "ssh-ed25519 AAAA ada@x")]


def test_a_group_of_a_user_may_have_its_number(understand):
    settings = understand("user --name=ada --groups='wheel,staff(70),x (71)'\n").request.settings

    assert settings.users[0].groups == ("wheel", "staff", "x")
    assert [(group.name, group.gid) for group in settings.groups] == [("staff", 70), ("x", 71)]


@pytest.mark.parametrize(
    "line",
    [
        "user --name=../x",
        "user --name='a:b'",
        "user --name=root",
        "user --name=x --uid=-1",
        "user --name=x --gecos=a:b",
        "group --name='x y'",
        "user --name=x --groups='a b'",
        "lang 'x y'",
        "keyboard '../x'",
        "timezone ../../etc/passwd",
        "network --hostname='a b'",
    ],
)
def test_names_that_no_system_could_have_are_errors(understand, told, line):
    reading = understand(f"{line}\n")

    assert len(told(reading, Severity.ERROR)) == 1
    assert reading.request.settings.users == ()


def test_root_is_locked_unless_it_has_a_password(understand):
    assert understand("text\n").request.settings.root.is_locked is True
    assert understand("rootpw x\n").request.settings.root.is_locked is False
    assert understand("rootpw --lock x\n").request.settings.root.is_locked is True
