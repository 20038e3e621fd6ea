"""Language, keyboard and clock, on made-up systems of both kinds."""

from __future__ import annotations

import pytest

from applbuild.configure.clock import set_clock
from applbuild.configure.keyboard import set_keyboard
from applbuild.configure.locale import set_language
from applbuild.errors import KickstartError

SUPPORTED = "de_DE.UTF-8 UTF-8\nde_DE ISO-8859-1\nde_DE@euro ISO-8859-15\nfr_FR.UTF-8 UTF-8\n"
TABLE = """\
# keymap layout model variant options
de-latin1 de pc105 - -
de-latin1-nodeadkeys de pc105 nodeadkeys -
us us pc105+inet - terminate:ctrl_alt_bksp
fr-latin9 fr pc105 latin9 terminate:ctrl_alt_bksp
"""
RULES = """\
! layout
  us              English (US)
  de              German
  fr              French
! variant
  nodeadkeys      de: German (no dead keys)
  latin9          fr: French (Latin-9)
"""


def place_of(caught) -> str:
    return str(caught.value.place)


class TestLanguageOfDebian:
    @pytest.fixture
    def speak(self, debian, planned):
        debian.write("/usr/share/i18n/SUPPORTED", SUPPORTED)

        def speak(text):
            set_language(planned(text), debian.tree, debian)
            return debian

        return speak

    def test_is_compiled_and_in_force(self, speak):
        guest = speak("lang de_DE --addsupport=fr_FR\n")

        assert guest.text("/etc/locale.gen") == "de_DE.UTF-8 UTF-8\nfr_FR.UTF-8 UTF-8\n"
        assert guest.ran == [["/usr/sbin/locale-gen"]]
        assert guest.text("/etc/default/locale") == "LANG=de_DE.UTF-8\n"
        assert guest.text("/etc/locale.conf") == "LANG=de_DE.UTF-8\n"

    def test_takes_the_place_of_others_and_leaves_comments(self, speak, debian):
        debian.write("/etc/locale.gen", "# a list\n#nl_NL UTF-8\n\nen_US.UTF-8 UTF-8\n")

        lines = speak("lang fr_FR\n").text("/etc/locale.gen").splitlines()
        assert lines == ["# a list", "#nl_NL UTF-8", "", "fr_FR.UTF-8 UTF-8"]

    @pytest.mark.parametrize(
        ("name", "line"),
        [("de_DE.ISO-8859-1", "de_DE ISO-8859-1"), ("de_DE.ISO-8859-15@euro",
                                                     "de_DE@euro ISO-8859-15")],
    )  # fmt: skip
    def test_may_have_another_encoding(self, speak, name, line):
        assert speak(f"lang {name}\n").text("/etc/locale.gen") == f"{line}\n"

    def test_that_it_does_not_know_is_an_error_with_the_line(self, speak):
        with pytest.raises(KickstartError, match="no locale xx_XX") as caught:
            speak("text\nlang xx_XX\n")
        assert place_of(caught) == "web.ks:2"
        assert "SUPPORTED" in caught.value.hint

    def test_that_its_tool_refuses_is_an_error_with_its_words(self, speak, debian):
        debian.refusals["/usr/sbin/locale-gen"] = "no space"
        with pytest.raises(KickstartError, match="no space") as caught:
            speak("lang de_DE\n")
        assert place_of(caught) == "web.ks:1"

    def test_built_into_the_library_is_compiled_by_nobody(self, speak):
        guest = speak("lang C.UTF-8\n")

        assert guest.ran == []
        assert guest.text("/etc/default/locale") == "LANG=C.UTF-8\n"

    def test_stays_without_a_line(self, speak):
        assert not speak("text\n").has_file("/etc/locale.conf")


class TestLanguageOfFedora:
    @pytest.fixture
    def speak(self, fedora, planned):
        fedora.prints["locale"] = (
            "C\nC.utf8\nPOSIX\nde_DE\nde_DE.iso88591\nde_DE.utf8\nde_DE@euro\n"
        )

        def speak(text):
            set_language(planned(text), fedora.tree, fedora)
            return fedora

        return speak

    @pytest.mark.parametrize("name", ["de_DE.UTF-8", "de_DE.utf8", "de_DE.ISO-8859-1"])
    def test_is_in_force_where_a_package_brings_it(self, speak, name):
        guest = speak(f"lang {name}\n")

        assert guest.text("/etc/locale.conf") == f"LANG={name}\n"
        assert not guest.has_file("/etc/default/locale")

    def test_that_no_package_brings_is_an_error_that_names_one(self, speak):
        with pytest.raises(KickstartError, match=r"no locale fr_FR\.UTF-8") as caught:
            speak("text\nlang de_DE --addsupport=fr_FR\n")
        assert place_of(caught) == "web.ks:2"
        assert "glibc-langpack-fr" in caught.value.hint

    def test_of_a_system_that_cannot_say_is_an_error(self, speak, fedora):
        fedora.refusals["locale"] = "not found"
        with pytest.raises(KickstartError, match=r"cannot list its locales: not found") as caught:
            speak("lang de_DE\n")
        assert place_of(caught) == "web.ks:1"


class TestKeyboard:
    @pytest.fixture
    def press(self, guest, planned):
        guest.write("/usr/share/systemd/kbd-model-map", TABLE)

        def press(line):
            set_keyboard(planned(f"text\n{line}\n"), guest.tree, guest)
            return guest

        return press

    def xorg(self, guest):
        text = guest.text("/etc/X11/xorg.conf.d/00-keyboard.conf")
        lines = (line.split('"') for line in text.splitlines() if "Xkb" in line)
        return {words[1].removeprefix("Xkb"): words[3] for words in lines}

    def test_of_the_console_brings_that_of_a_desktop(self, press):
        guest = press("keyboard de-latin1-nodeadkeys")

        assert guest.text("/etc/vconsole.conf") == "KEYMAP=de-latin1-nodeadkeys\n"
        assert self.xorg(guest) == {"Layout": "de", "Model": "pc105", "Variant": "nodeadkeys"}

    def test_of_a_desktop_brings_that_of_the_console(self, press):
        guest = press("keyboard --xlayouts='fr (latin9)','us' --switch=grp:alt_shift_toggle")

        assert guest.text("/etc/vconsole.conf") == "KEYMAP=fr-latin9\n"
        assert self.xorg(guest) == {
            "Layout": "fr,us",
            "Model": "pc105",
            "Variant": "latin9,",
            "Options": "grp:alt_shift_toggle",
        }

    def test_of_console_and_desktop_may_differ(self, press):
        guest = press("keyboard --vckeymap=us --xlayouts='de'")

        assert guest.text("/etc/vconsole.conf") == "KEYMAP=us\n"
        assert self.xorg(guest)["Layout"] == "de"

    def test_may_be_a_keymap_that_fedora_makes_of_a_layout(self, press, guest):
        guest.has("/usr/lib/kbd/keymaps/xkb/de-nodeadkeys.map.gz")

        assert press("keyboard --xlayouts='de (nodeadkeys)'").text("/etc/vconsole.conf") == (
            "KEYMAP=de-nodeadkeys\n"
        )

    def test_leaves_the_font_of_the_console(self, press, guest):
        guest.write("/etc/vconsole.conf", 'KEYMAP=us\nFONT="eurlatgr"\n')

        text = press("keyboard de-latin1").text("/etc/vconsole.conf")
        assert text == 'FONT="eurlatgr"\nKEYMAP=de-latin1\n'

    @pytest.mark.usefixtures("debian")
    def test_of_debian_has_the_layouts_on_the_console(self, press):
        guest = press("keyboard --vckeymap=de-latin1 --xlayouts='de','us'")

        assert 'XKBLAYOUT="de,us"' in guest.text("/etc/default/keyboard").splitlines()
        assert guest.ran == [["setupcon", "--save-only"]]

    @pytest.mark.usefixtures("debian")
    def test_of_debians_console_is_the_keymap_where_the_layouts_are_others(self, press):
        guest = press("keyboard --vckeymap=us --xlayouts='de'")

        assert 'XKBLAYOUT="us"' in guest.text("/etc/default/keyboard").splitlines()
        assert self.xorg(guest)["Layout"] == "de"

    @pytest.mark.parametrize(
        ("line", "layout"),
        [
            ("keyboard --xlayouts='xx'", "xx"),
            ("keyboard --xlayouts='de','us (nodeadkeys)'", r"us \(nodeadkeys\)"),
        ],
    )
    def test_that_the_system_does_not_know_is_an_error_with_the_line(
        self, press, guest, line, layout
    ):
        guest.write("/usr/share/X11/xkb/rules/base.lst", RULES)

        with pytest.raises(KickstartError, match=f"knows no layout {layout}") as caught:
            press(line)
        assert place_of(caught) == "web.ks:2"
        assert "base.lst" in caught.value.hint

    def test_stays_without_a_line(self, press):
        assert not press("text").has_file("/etc/vconsole.conf")


class TestClock:
    @pytest.fixture
    def wind(self, planned):
        def wind(guest, text):
            set_clock(planned(text), guest.tree, guest)
            return guest

        return wind

    def test_has_the_zone_and_says_what_the_hardware_keeps(self, wind, fedora):
        wind(fedora, "timezone Europe/Berlin --utc\n")

        assert (fedora.root / "etc/localtime").readlink().as_posix() == (
            "../usr/share/zoneinfo/Europe/Berlin"
        )
        assert fedora.text("/etc/adjtime").splitlines()[2] == "UTC"
        assert not fedora.has_file("/etc/timezone")

    def test_of_debian_has_the_zone_in_a_file_of_its_own_too(self, wind, debian):
        wind(debian, "timezone Europe/Berlin\n")

        assert debian.text("/etc/timezone") == "Europe/Berlin\n"
        assert debian.text("/etc/adjtime").splitlines()[2] == "LOCAL"

    def test_may_be_in_utc_without_any_zone_in_the_system(self, wind, guest):
        guest.has("/etc/localtime")

        assert not wind(guest, "timezone UTC\n").has_file("/etc/localtime")

    def test_of_a_zone_that_the_system_does_not_know_is_an_error(self, wind, fedora):
        with pytest.raises(KickstartError, match="timezone Mars/Base") as caught:
            wind(fedora, "text\ntimezone Mars/Base\n")
        assert place_of(caught) == "web.ks:2"
        assert "tzdata" in caught.value.hint

    def test_asks_the_servers_of_the_kickstart_by_chrony_and_no_others(self, wind, fedora):
        wind(fedora, "timesource --ntp-pool=p.example\ntimesource --ntp-server=s.example --nts\n")

        assert fedora.text("/etc/chrony.conf").splitlines() == [
            "# pool 2.fedora.pool.ntp.org iburst",
            "driftfile /var/x",
            "# The time servers of the kickstart:",
            "pool p.example iburst",
            "server s.example iburst nts",
        ]
        assert fedora.ran == [["systemctl", "--quiet", "enable", "chronyd.service"]]

    def test_asks_them_by_timesyncd_where_there_is_no_chrony(self, wind, debian):
        wind(debian, "timezone UTC --ntpservers=a.example,b.example\n")

        text = debian.text("/etc/systemd/timesyncd.conf.d/50-applbuild.conf")
        assert text.endswith("[Time]\nNTP=a.example b.example\n")
        assert debian.ran[-1][-1] == "systemd-timesyncd.service"

    def test_cannot_ask_by_nts_without_chrony(self, wind, debian):
        with pytest.raises(KickstartError, match="by NTS") as caught:
            wind(debian, "text\ntimesource --ntp-server=s.example --nts\n")
        assert place_of(caught) == "web.ks:2"
        assert "chrony" in caught.value.hint

    def test_cannot_ask_without_any_client(self, wind, guest):
        with pytest.raises(
            KickstartError, match=r"cannot ask the time server s\.example"
        ) as caught:
            wind(guest, "timesource --ntp-server=s.example\n")
        assert place_of(caught) == "web.ks:1"

    @pytest.mark.parametrize("line", ["timezone UTC --nontp", "timesource --ntp-disable"])
    def test_asks_nobody_where_the_kickstart_says_so(self, wind, fedora, line):
        wind(fedora, f"{line}\n")

        assert fedora.ran == [["systemctl", "--quiet", "disable", "chronyd.service"]]

    def test_is_left_alone_without_a_line(self, wind, fedora):
        wind(fedora, "text\n")

        assert fedora.ran == []
        assert not fedora.has_file("/etc/adjtime")
