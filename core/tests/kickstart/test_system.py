from __future__ import annotations

import pytest

from applbuild.json_form import to_json
from applbuild.model.problem import Severity


def test_language_keyboard_and_time_zone_are_settings(understand):
    settings = understand(
        "lang de_DE.UTF-8\nkeyboard de\ntimezone --utc Europe/Berlin\n"
    ).request.settings

    assert (settings.language.locale, settings.keyboard.keymap) == ("de_DE.UTF-8", "de")
    assert (settings.clock.timezone, settings.clock.is_utc) == ("Europe/Berlin", True)


@pytest.mark.parametrize(
    ("written", "locale"),
    [
        ("de_DE", "de_DE.UTF-8"),
        ("de_DE.ISO-8859-1", "de_DE.ISO-8859-1"),
        ("sr_RS@latin", "sr_RS.UTF-8@latin"),
        ("C", "C"),
    ],
)
def test_a_locale_that_names_no_encoding_has_utf8(understand, written, locale):
    assert understand(f"lang {written}\n").request.settings.language.locale == locale


def test_further_locales_are_those_that_are_not_the_first(understand):
    language = understand("lang de_DE --addsupport=fr_FR,de_DE\n").request.settings.language

    assert language.further == ("fr_FR.UTF-8",)


@pytest.mark.parametrize(
    ("line", "is_utc"),
    [("timezone UTC", False), ("timezone --isUtc UTC", True), ("timezone UTC --utc", True)],
)
def test_the_clock_runs_in_utc_only_where_the_time_zone_says_so(understand, line, is_utc):
    assert understand(f"{line}\n").request.settings.clock.is_utc is is_utc


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("timezone UTC --ntpservers=a.example,b.example\n", [("a.example", False, False),
                                                            ("b.example", False, False)]),
        ("timesource --ntp-pool=p.example\ntimesource --ntp-server=s.example --nts\n",
         [("p.example", True, False), ("s.example", False, True)]),
        ("timesource --ntp-server=a\ntimesource --ntp-pool=a\n", [("a", True, False)]),
    ],
)  # fmt: skip
def test_time_servers_are_settings(understand, text, servers):
    clock = understand(text).request.settings.clock

    assert [(it.name, it.is_pool, it.has_nts) for it in clock.servers] == servers
    assert clock.is_synchronised is None


@pytest.mark.parametrize("line", ["timezone UTC --nontp", "timesource --ntp-disable"])
def test_the_clock_is_left_alone_where_the_kickstart_says_so(understand, line):
    assert understand(f"{line}\n").request.settings.clock.is_synchronised is False


@pytest.mark.parametrize(
    ("line", "keymap", "layouts"),
    [
        ("keyboard --vckeymap=us --xlayouts='de'", "us", ("de",)),
        ("keyboard --xlayouts='de','us'", None, ("de", "us")),
        ("keyboard --xlayouts='cz (qwerty)'", None, ("cz (qwerty)",)),
        ("keyboard 'fr'", "fr", ()),
    ],
)
def test_a_keyboard_has_a_keymap_and_layouts(understand, line, keymap, layouts):
    keyboard = understand(f"{line}\n").request.settings.keyboard

    assert (keyboard.keymap, keyboard.layouts) == (keymap, layouts)


def test_keys_that_switch_between_layouts_are_a_setting(understand):
    reading = understand("keyboard --xlayouts=us,de --switch=grp:alt_shift_toggle\n")

    assert reading.request.settings.keyboard.switches == ("grp:alt_shift_toggle",)


def test_the_last_hostname_counts(understand):
    reading = understand("network --hostname=a\nnetwork --hostname=b.example.org\n")

    assert reading.request.settings.hostname == "b.example.org"


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
        "keyboard --xlayouts='de;us'",
        "keyboard --xlayouts=de --switch='x\"y'",
        "timesource --ntp-server='a b'",
        "firewall --port='1 2'",
        "firewall --service='a;b'",
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


def test_root_may_log_in_over_ssh_only_where_the_kickstart_says_so(understand):
    assert understand("rootpw --allow-ssh x\n").request.settings.has_root_ssh is True
    assert understand("rootpw x\n").request.settings.has_root_ssh is False


def test_a_firewall_has_all_that_its_line_says(understand):
    firewall = understand(
        "firewall --enabled --http --service=imaps --port=80:tcp,53:udp --trust=br0"
        " --remove-service=ssh\n"
    ).request.settings.firewall

    assert firewall.is_enabled is True
    assert set(firewall.services) == {"http", "imaps"}
    assert firewall.ports == ("80:tcp", "53:udp")
    assert (firewall.trusted, firewall.closed_services) == (("br0",), ("ssh",))


def test_the_firewall_stays_as_it_is_without_a_line_or_where_the_line_says_so(understand):
    assert understand("text\n").request.settings.firewall is None
    assert understand("firewall --use-system-defaults\n").request.settings.firewall is None
    assert understand("firewall --disabled\n").request.settings.firewall.is_enabled is False


@pytest.mark.parametrize("mode", ["enforcing", "permissive", "disabled"])
def test_selinux_has_a_mode(understand, mode):
    assert understand(f"selinux --{mode}\n").request.settings.selinux == mode


@pytest.mark.parametrize(
    ("text", "is_started"),
    [("text\n", None), ("skipx\n", False), ("xconfig --startxonboot\n", True),
     ("xconfig --defaultdesktop=KDE\n", None)],
)  # fmt: skip
def test_a_desktop_is_started_or_not_or_as_the_packages_have_it(understand, text, is_started):
    assert understand(text).request.settings.desktop.is_started is is_started


@pytest.mark.parametrize(
    ("line", "is_enabled", "is_reconfiguration"),
    [("firstboot --disabled", False, False), ("firstboot --enable", True, False),
     ("firstboot --reconfig", True, True)],
)  # fmt: skip
def test_questions_at_the_first_start_are_a_setting(
    understand, line, is_enabled, is_reconfiguration
):
    asked = understand(f"{line}\n").request.settings.first_boot

    assert (asked.is_enabled, asked.is_reconfiguration) == (is_enabled, is_reconfiguration)


def test_the_words_of_authselect_are_kept_as_they_are(understand):
    reading = understand("authselect select sssd with-mkhomedir --force\n")

    words = reading.request.settings.authselect.words
    assert words == ("select", "sssd", "with-mkhomedir", "--force")


def test_an_addon_is_kept_as_it_stands_and_told(understand, told):
    reading = understand("%addon com_example --enable\nx = 1\n%end\n")

    assert reading.secrets.addons == "%addon com_example --enable\nx = 1\n%end\n"
    assert "is kept in /root/anaconda-ks.cfg" in told(reading, Severity.NOTE)[0]


def test_an_addon_with_a_password_shows_it_nowhere(understand):
    reading = understand("%addon com_example --password=geheim\nkey = geheim\n%end\n")

    assert "geheim" not in f"{reading} {to_json(reading.request)}"


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("org_fedora_oscap", Severity.ERROR),
        ("com_redhat_oscap", Severity.ERROR),
        ("com_redhat_subscription_manager", Severity.NOTE),
        ("com_redhat_kdump", Severity.NOTE),
    ],
)
def test_an_addon_that_is_the_work_of_an_installer_is_told_and_not_kept(
    understand, told, name, severity
):
    reading = understand(f"%addon {name} --enable\n%end\n")

    assert name in told(reading, severity)[0]
    assert reading.secrets.addons == ""


def test_a_certificate_is_a_setting(understand):
    reading = understand(
        "%certificate --filename=a.pem --dir=/etc/x\nAAAA\n%end\n"
        "%certificate --filename=b.pem --type=anchor\nBBBB\n%end\n"
    )

    found = [(it.name, it.folder, it.text) for it in reading.request.settings.certificates]
    assert found == [("a.pem", "/etc/x", "AAAA\n"), ("b.pem", None, "BBBB\n")]


@pytest.mark.parametrize(
    "section",
    [
        "%certificate --filename=../x --dir=/etc\nA\n%end\n",
        "%certificate --filename=x --dir=etc\nA\n%end\n",
        "%certificate --filename=x --type=other\nA\n%end\n",
    ],
)
def test_a_certificate_that_no_system_could_have_is_an_error(understand, told, section):
    assert len(told(understand(section), Severity.ERROR)) == 1


def test_an_empty_certificate_is_a_warning(understand, told):
    reading = understand("%certificate --filename=x --dir=/etc\n\n%end\n")

    assert reading.request.settings.certificates == ()
    assert told(reading, Severity.WARNING) == ["1: the %certificate section is empty"]


def test_the_purpose_of_a_system_is_a_setting(understand):
    purpose = understand(
        "syspurpose --role='A Server' --sla=Premium --usage=Production --addon=a --addon b\n"
    ).request.settings.purpose

    assert (purpose.role, purpose.service_level) == ("A Server", "Premium")
    assert (purpose.usage, purpose.addons) == ("Production", ("a", "b"))


def test_langsupport_adds_locales_to_those_of_lang(understand):
    language = understand(
        "lang de_DE\nlangsupport --default=de_DE.UTF-8 fr_FR nl_NL\n"
    ).request.settings.language

    assert (language.locale, language.further) == ("de_DE.UTF-8", ("fr_FR.UTF-8", "nl_NL.UTF-8"))


@pytest.mark.parametrize("level", ["--high", "--medium", "--enabled"])
def test_the_levels_of_old_firewalls_turn_it_on_and_telnet_is_a_port(understand, level):
    firewall = understand(f"firewall {level} --telnet --port=80:tcp\n").request.settings.firewall

    assert firewall.is_enabled is True
    assert firewall.ports == ("80:tcp", "23:tcp")


@pytest.mark.parametrize(
    "option",
    [
        *("--enableldap", "--enablekrb5", "--enablesssdauth", "--enablewinbind"),
        *(
            "--enablemkhomedir",
            "--passminlen=9",
            "--winbindjoin=a%geheim",
            "--winbindjoin a%geheim",
        ),
    ],
)
def test_logins_that_authconfig_would_set_up_are_refused_with_what_to_write(
    understand, told, option
):
    reading = understand(f"auth --enableshadow {option}\n")

    (problem,) = (it for it in reading.request.problems if it.severity is Severity.ERROR)
    assert problem.hint
    assert "geheim" not in str(reading.request.problems)


@pytest.mark.parametrize(
    "line",
    [
        "auth --enableshadow --passalgo=sha512",
        "authconfig --useshadow --enablemd5 --disableldap --ldapserver= --krb5realm=X",
        *("cdrom", "hmc", "harddrive --partition=sdb1 --dir=/", "bootloader --default=sda1"),
        *("bootloader --hvargs=x", "realm join example.org", "rhsm --organization=1"),
        *("%packages --ignoredeps\n%end", "langsupport en_US", "%addon com_x\n%end"),
        "network --device=eth0 --ipv6=off",
    ],
)
def test_what_old_files_say_to_an_installer_stops_no_build(understand, told, line):
    assert told(understand(f"{line}\n"), Severity.ERROR) == []


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("lilo --location=mbr", "bootloader"),
        ("bootloader --sdboot", "GRUB"),
        ("method url --url=x", "url"),
    ],
)
def test_what_an_image_cannot_have_is_refused_with_what_to_write(understand, line, instead):
    (problem,) = (
        it for it in understand(f"{line}\n").request.problems if it.severity is Severity.ERROR
    )

    assert instead in problem.hint


@pytest.mark.parametrize(
    ("text", "is_asked"),
    [
        ("timezone UTC --nontp\ntimesource --ntp-server=a\n", True),
        ("timesource --ntp-server=a\ntimesource --ntp-disable\n", False),
        ("timezone UTC --nontp\ntimezone UTC\n", False),
    ],
)
def test_of_a_time_server_and_none_the_last_counts(understand, text, is_asked):
    clock = understand(text).request.settings.clock

    assert (clock.is_synchronised is None) is is_asked


@pytest.mark.parametrize(
    ("text", "is_started"),
    [("skipx\nxconfig --startxonboot\n", True), ("xconfig --startxonboot\nskipx\n", False)],
)
def test_of_skipx_and_a_desktop_that_starts_the_last_counts_and_that_is_told(
    understand, told, text, is_started
):
    reading = understand(text)

    assert reading.request.settings.desktop.is_started is is_started
    assert "takes the place of" in told(reading, Severity.NOTE)[0]
