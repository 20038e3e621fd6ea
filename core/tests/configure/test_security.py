"""Firewall, logins, certificates and what a system is for, on made-up systems."""

from __future__ import annotations

import json

import pytest

from applbuild.configure.certificates import write_certificates
from applbuild.configure.purpose import set_purpose
from applbuild.configure.security import set_authselect, set_firewall, set_root_ssh
from applbuild.errors import KickstartError

OFFLINE = "/usr/bin/firewall-offline-cmd"
ANCHOR = "%certificate --filename=ours.pem --type=anchor\nAAAA\n%end\n"


class TestFirewall:
    @pytest.fixture
    def guard(self, planned):
        def guard(guest, line):
            set_firewall(planned(f"text\n{line}\n"), guest.tree, guest)
            return guest.ran

        return guard

    def test_is_on_and_open_for_what_the_line_names_and_for_ssh(self, guard, fedora):
        ran = guard(
            fedora,
            "firewall --enabled --http --service=imaps --port=8080:tcp,53:udp --trust=br0"
            " --remove-service=dhcpv6-client",
        )

        assert ran == [
            [
                *(OFFLINE, "--service=ssh", "--service=http", "--service=imaps"),
                *("--remove-service=dhcpv6-client", "--port=8080:tcp", "--port=53:udp"),
                "--trust=br0",
            ],
            ["systemctl", "--quiet", "enable", "firewalld.service"],
        ]

    def test_may_be_closed_for_ssh(self, guard, fedora):
        ran = guard(fedora, "firewall --enabled --remove-service=ssh")

        assert ran[0] == [OFFLINE, "--remove-service=ssh"]

    def test_is_off_where_the_line_says_so(self, guard, fedora):
        assert guard(fedora, "firewall --disabled")[-1] == [
            *("systemctl", "--quiet", "disable", "firewalld.service")
        ]

    def test_is_off_where_there_is_none(self, guard, debian):
        assert guard(debian, "firewall --disabled") == []

    def test_stays_as_it_is_without_a_line(self, guard, fedora):
        assert guard(fedora, "text") == []

    def test_that_is_not_there_is_an_error_with_the_line(self, guard, debian):
        with pytest.raises(KickstartError, match="has no firewalld") as caught:
            guard(debian, "firewall --enabled")
        assert str(caught.value.place) == "web.ks:2"
        assert "--disabled" in caught.value.hint

    def test_that_knows_no_such_service_is_an_error_with_its_words(self, guard, fedora):
        fedora.refusals[OFFLINE] = "INVALID_SERVICE: gopher"
        with pytest.raises(KickstartError, match="INVALID_SERVICE: gopher") as caught:
            guard(fedora, "firewall --service=gopher")
        assert str(caught.value.place) == "web.ks:2"


class TestAuthselect:
    @pytest.fixture
    def choose(self, planned):
        def choose(guest):
            text = "authselect select sssd with-mkhomedir --force\n"
            set_authselect(planned(text), guest.tree, guest, guest)
            return guest

        return choose

    def test_is_told_the_words_of_the_kickstart(self, choose, fedora):
        assert choose(fedora).ran == [["authselect", "select", "sssd", "with-mkhomedir", "--force"]]

    def test_that_is_not_there_is_a_warning_with_the_line(self, choose, debian):
        guest = choose(debian)

        assert guest.ran == []
        assert guest.remarks[0].startswith("web.ks:1: authselect: the installed system has none")

    def test_that_refuses_is_an_error_with_the_line(self, choose, fedora):
        fedora.refusals["authselect"] = "unknown profile"
        with pytest.raises(KickstartError, match="unknown profile") as caught:
            choose(fedora)
        assert str(caught.value.place) == "web.ks:1"


class TestRootOverSsh:
    @pytest.fixture
    def allow(self, guest, planned):
        def allow(configuration, text="rootpw x --allow-ssh\n"):
            guest.write("/etc/ssh/sshd_config", configuration)
            set_root_ssh(planned(text), guest.tree)
            return guest

        return allow

    def test_is_let_in_by_a_file_of_its_own_where_such_are_read(self, allow):
        guest = allow("Include /etc/ssh/sshd_config.d/*.conf\n")

        path = "/etc/ssh/sshd_config.d/01-permitrootlogin.conf"
        assert guest.text(path) == "PermitRootLogin yes\n"
        assert guest.mode(path) == 0o600
        assert "PermitRootLogin" not in guest.text("/etc/ssh/sshd_config")

    def test_is_let_in_by_the_first_line_where_there_is_one_file(self, allow):
        guest = allow("PermitRootLogin no\n")

        assert guest.text("/etc/ssh/sshd_config") == "PermitRootLogin yes\nPermitRootLogin no\n"

    def test_is_as_the_packages_have_it_without_the_option(self, allow):
        guest = allow("PermitRootLogin no\n", "rootpw x\n")

        assert guest.text("/etc/ssh/sshd_config") == "PermitRootLogin no\n"

    def test_needs_a_server(self, guest, planned):
        with pytest.raises(KickstartError, match="has no ssh server") as caught:
            set_root_ssh(planned("text\nrootpw x --allow-ssh\n"), guest.tree)
        assert str(caught.value.place) == "web.ks:2"
        assert "openssh-server" in caught.value.hint


class TestCertificates:
    @pytest.fixture
    def write(self, planned):
        def write(guest, text):
            write_certificates(planned(text), guest.tree, guest)
            return guest

        return write

    def test_are_written_where_they_are_to_be_and_trusted_by_nobody(self, write, fedora):
        write(fedora, "%certificate --filename=a.pem --dir=/etc/pki/dns/\nAA\nBB\n%end\n")

        assert fedora.text("/etc/pki/dns/a.pem") == "AA\nBB\n"
        assert fedora.ran == []

    def test_that_are_anchors_are_trusted_by_fedora(self, write, fedora):
        write(fedora, ANCHOR)

        assert fedora.text("/etc/pki/ca-trust/source/anchors/ours.pem") == "AAAA\n"
        assert fedora.ran == [["update-ca-trust", "extract"]]

    def test_that_are_anchors_are_trusted_by_debian_by_the_name_that_it_looks_for(
        self, write, debian
    ):
        write(debian, ANCHOR)

        assert debian.text("/usr/local/share/ca-certificates/ours.crt") == "AAAA\n"
        assert debian.ran == [["update-ca-certificates"]]

    def test_that_would_be_one_file_are_refused(self, write, debian):
        second = ANCHOR.replace("ours.pem", "ours.crt")
        with pytest.raises(KickstartError, match="there is another one for") as caught:
            write(debian, ANCHOR + second)
        assert caught.value.hint == "give it another --filename"

    def test_that_debian_would_not_look_at_are_written_and_not_trusted(self, write, debian):
        write(debian, ANCHOR.replace("--type=anchor", "--dir=/usr/local/share/ca-certificates"))
        assert debian.text("/usr/local/share/ca-certificates/ours.pem") == "AAAA\n"
        assert debian.ran == []

    def test_that_are_put_among_the_anchors_are_trusted(self, write, fedora):
        folder = "/etc/pki/ca-trust/source/anchors"
        write(fedora, f"%certificate --filename=a.pem --dir={folder}\nAA\n%end\n")

        assert fedora.ran == [["update-ca-trust", "extract"]]

    def test_need_a_system_that_trusts_any(self, write, guest):
        with pytest.raises(KickstartError, match=r"ours\.pem: the installed system") as caught:
            write(guest, ANCHOR)
        assert str(caught.value.place) == "web.ks:1"
        assert "ca-certificates" in caught.value.hint

    def test_that_the_tool_refuses_are_an_error_with_its_words(self, write, fedora):
        fedora.refusals["update-ca-trust"] = "p11-kit: cannot parse"
        with pytest.raises(KickstartError, match="cannot parse") as caught:
            write(fedora, ANCHOR)
        assert str(caught.value.place) == "web.ks:1"


class TestPurpose:
    LINE = "syspurpose --role='A Server' --sla=Premium --usage=Production --addon=a --addon=b\n"

    def test_is_recorded_where_subscription_manager_reads_it(self, fedora, planned):
        set_purpose(planned(self.LINE), fedora.tree, fedora)

        assert json.loads(fedora.text("/etc/rhsm/syspurpose/syspurpose.json")) == {
            "role": "A Server",
            "service_level_agreement": "Premium",
            "usage": "Production",
            "addons": ["a", "b"],
        }

    def test_is_a_warning_where_nothing_reads_it(self, debian, planned):
        set_purpose(planned(self.LINE), debian.tree, debian)

        assert debian.remarks[0].startswith("web.ks:1: syspurpose: the installed system has no")
        assert not debian.has_file("/etc/rhsm")
