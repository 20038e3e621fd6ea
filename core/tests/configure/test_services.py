"""What starts with a made-up system: units of the kickstart, host keys, a desktop, questions."""

from __future__ import annotations

import pytest

from applbuild.configure.desktop import set_desktop, set_first_boot
from applbuild.configure.services import make_host_keys_at_first_boot, set_services
from applbuild.errors import KickstartError

UNITS = "/usr/lib/systemd/system"


class TestServices:
    @pytest.fixture
    def turn(self, guest, planned):
        guest.has(f"{UNITS}/a.service", f"{UNITS}/b.timer", f"{UNITS}/getty@.service")
        guest.has("/etc/init.d/old", "/etc/systemd/system/own.service")
        guest.write(f"{UNITS}/ssh.service", "[Install]\nAlias=other.service sshd.service\n")

        def turn(line):
            set_services(planned(f"text\n{line}\n"), guest.tree, guest, guest)
            return guest

        return turn

    @pytest.mark.parametrize(
        ("name", "unit"),
        [
            ("a", "a.service"),
            ("b.timer", "b.timer"),
            ("getty@tty2", "getty@tty2.service"),
            ("old", "old.service"),
            ("own", "own.service"),
            ("sshd", "ssh.service"),
        ],
    )
    def test_are_found_by_all_their_names(self, turn, name, unit):
        assert turn(f"services --enabled={name}").ran == [["systemctl", "--quiet", "enable", unit]]

    def test_are_never_those_of_the_host(self, turn, guest, tmp_path):
        host = tmp_path / "host.service"
        host.write_text("[Install]\nAlias=ghost.service\n", encoding="utf-8")
        (guest.root / "etc/systemd/system/link.service").symlink_to(host)

        with pytest.raises(KickstartError, match="has no unit ghost"):
            turn("services --enabled=ghost")

    def test_are_turned_off_and_on_in_the_order_of_the_line(self, turn):
        ran = turn("services --disabled=a --enabled=b.timer").ran

        assert [argv[2:] for argv in ran] == [["disable", "a.service"], ["enable", "b.timer"]]

    def test_that_are_not_there_are_off_already(self, turn):
        guest = turn("services --disabled=ghost")

        assert guest.ran == []
        assert "web.ks:2: services: the installed system has no unit ghost; it is off" in (
            guest.remarks
        )

    def test_that_bring_the_network_up_are_done_by_what_does_it_today(self, turn):
        guest = turn("services --enabled=network")

        assert guest.ran == []
        assert "what sets up its network does that" in guest.remarks[0]

    def test_that_are_not_there_cannot_be_turned_on(self, turn):
        with pytest.raises(KickstartError, match="has no unit ghost") as caught:
            turn("services --enabled=ghost")
        assert str(caught.value.place) == "web.ks:2"
        assert "%packages" in caught.value.hint

    def test_that_systemctl_refuses_are_an_error_with_its_words(self, turn, guest):
        guest.refusals["systemctl"] = "unit is masked"
        with pytest.raises(KickstartError, match=r"enable a: .* unit is masked") as caught:
            turn("services --enabled=a")
        assert str(caught.value.place) == "web.ks:2"


class TestHostKeys:
    def test_are_made_at_the_first_start_where_the_packages_do_not(self, guest):
        guest.has("/usr/sbin/sshd", "/usr/bin/ssh-keygen")

        make_host_keys_at_first_boot(guest.tree, guest)

        text = guest.text("/etc/systemd/system/applbuild-ssh-host-keys.service")
        assert "ExecStart=/usr/bin/ssh-keygen -A\n" in text
        assert guest.ran[0][-2:] == ["enable", "applbuild-ssh-host-keys.service"]

    @pytest.mark.parametrize(
        "files",
        [
            (),
            ("/usr/bin/ssh-keygen",),
            ("/usr/sbin/sshd", "/usr/bin/ssh-keygen", f"{UNITS}/sshd-keygen.target"),
        ],
    )
    def test_are_left_to_the_packages_or_not_needed(self, guest, files):
        guest.has(*files)

        make_host_keys_at_first_boot(guest.tree, guest)

        assert guest.ran == []


class TestDesktop:
    @pytest.fixture
    def show(self, planned):
        def show(guest, text):
            set_desktop(planned(text), guest.tree, guest, guest)
            return guest

        return show

    def test_is_not_started_with_skipx(self, show, fedora):
        assert show(fedora, "skipx\n").ran[0][-1] == "multi-user.target"

    def test_is_started_where_xconfig_says_so(self, show, fedora):
        fedora.has(f"{UNITS}/display-manager.service")

        guest = show(fedora, "xconfig --startxonboot\n")
        assert guest.ran == [["systemctl", "--quiet", "set-default", "graphical.target"]]
        assert guest.remarks == []

    def test_is_a_warning_where_nothing_could_start_it(self, show, fedora):
        assert "no display manager" in show(fedora, "xconfig --startxonboot\n").remarks[0]

    def test_is_the_one_that_the_kickstart_names(self, show, fedora):
        fedora.write("/etc/sysconfig/desktop", "DESKTOP=GNOME\nX=1\n")

        guest = show(fedora, "xconfig --defaultdesktop=KDE\n")
        assert guest.text("/etc/sysconfig/desktop") == "X=1\nPREFERRED=KDE\nDESKTOP=KDE\n"

    def test_is_a_warning_where_no_file_names_one(self, show, debian):
        assert (
            "has no /etc/sysconfig/desktop"
            in show(debian, "xconfig --defaultdesktop=KDE\n").remarks[0]
        )

    def test_stays_without_a_line(self, show, fedora):
        assert show(fedora, "text\n").ran == []

    def test_that_cannot_be_chosen_is_an_error_with_the_line(self, show, fedora):
        fedora.refusals["systemctl"] = "no such unit"
        with pytest.raises(KickstartError, match="skipx: systemctl") as caught:
            show(fedora, "text\nskipx\n")
        assert str(caught.value.place) == "web.ks:2"


class TestFirstBoot:
    @pytest.fixture
    def ask(self, guest, planned, secrets):
        def ask(text):
            set_first_boot(planned(text), secrets(text), guest.tree, guest)
            return guest

        return ask

    @pytest.fixture
    def questions(self, guest):
        guest.has(f"{UNITS}/initial-setup.service", f"{UNITS}/initial-setup-text.service")

    @pytest.mark.usefixtures("questions")
    def test_asks_where_the_kickstart_says_so(self, ask):
        guest = ask("firstboot --enable\n")

        assert guest.ran == [["systemctl", "--quiet", "enable", "initial-setup.service"]]
        assert not guest.has_file("/etc/reconfigSys")
        assert guest.has_file("/root/anaconda-ks.cfg")

    @pytest.mark.usefixtures("questions")
    def test_asks_everything_with_reconfig(self, ask):
        assert ask("firstboot --reconfig\n").has_file("/etc/reconfigSys")

    @pytest.mark.usefixtures("questions")
    @pytest.mark.parametrize("text", ["text\n", "firstboot --disabled\n"])
    def test_asks_nothing_otherwise(self, ask, text):
        guest = ask(text)

        assert guest.ran == [
            [
                *("systemctl", "--quiet", "disable"),
                *("initial-setup.service", "initial-setup-text.service"),
            ]
        ]
        assert not guest.has_file("/root/anaconda-ks.cfg")

    def test_cannot_ask_without_the_program(self, ask):
        with pytest.raises(KickstartError, match="has no initial-setup") as caught:
            ask("text\nfirstboot --enable\n")
        assert str(caught.value.place) == "web.ks:2"
        assert "firstboot --disabled" in caught.value.hint

    def test_keeps_the_addons_for_root_alone_and_no_password(self, ask):
        guest = ask(
            "rootpw geheim\n%addon org_example --enable\nx = 1\n%end\n"
            "%addon com_redhat_subscription_manager\npassword = geheim\n%end\n"
        )

        assert guest.mode("/root/anaconda-ks.cfg") == 0o600
        text = guest.text("/root/anaconda-ks.cfg")
        assert text.endswith("\n%addon org_example --enable\nx = 1\n%end\n")
        assert "geheim" not in text
