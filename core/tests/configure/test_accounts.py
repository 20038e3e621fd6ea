"""What the system's own tools are told of groups, users, passwords and keys."""

from __future__ import annotations

import pytest

from applbuild.configure.accounts import set_accounts
from applbuild.errors import KickstartError

HASH = "$6$salt$" + "a" * 86


@pytest.fixture(params=["debian", "fedora"])
def system(request):
    """A system of each kind."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def apply(system, planned, secrets):
    """Puts the accounts of a kickstart into the system, and returns what was run in it."""

    def apply(text: str) -> list[list[str]]:
        set_accounts(planned(text), secrets(text), system.tree, system)
        return system.ran

    return apply


def test_nothing_is_run_where_the_kickstart_says_nothing(apply):
    assert apply("text\n") == []


def test_a_user_is_made_with_all_that_its_line_says(apply):
    ran = apply(
        "user --name=ada --uid=1500 --groups=wheel,users --homedir=/srv/ada --shell=/bin/sh"
        " --gecos='Ada L.'\n"
    )

    assert ran == [
        [
            *("useradd", "--create-home", "--uid", "1500", "--groups", "wheel,users"),
            *("--home-dir", "/srv/ada", "--comment", "Ada L.", "--shell", "/bin/sh", "ada"),
        ]
    ]


def test_a_user_has_the_shell_of_the_system_where_its_line_has_none(apply):
    assert apply("user --name=ada\n") == [
        ["useradd", "--create-home", "--shell", "/bin/bash", "ada"]
    ]


def test_without_bash_it_is_sh(guest, planned, secrets):
    text = "user --name=ada\n"
    set_accounts(planned(text), secrets(text), guest.tree, guest)

    assert guest.ran == [["useradd", "--create-home", "--shell", "/bin/sh", "ada"]]


def test_the_folder_above_a_home_is_there_before_the_home_is_made(apply, system):
    apply("user --name=ada --homedir=/srv/people/ada\n")

    assert system.has_file("/srv/people")
    assert not system.has_file("/srv/people/ada")


def test_groups_that_are_not_there_are_made_first_with_their_numbers(apply):
    ran = apply("group --name=staff --gid=70\nuser --name=ada --groups='wheel,new,x(71)'\n")

    assert ran[:3] == [
        ["groupadd", "--gid", "70", "staff"],
        ["groupadd", "--gid", "71", "x"],
        ["groupadd", "new"],
    ]
    assert ran[-1][-3:] == ["--shell", "/bin/bash", "ada"]


def test_a_group_that_is_there_is_left_as_it_is(apply):
    assert apply("group --name=wheel --gid=999\n") == []


def test_the_own_group_of_a_user_has_the_number_asked_for(apply):
    ran = apply("user --name=ada --gid=1600\n")

    assert ran[0] == ["groupadd", "--gid", "1600", "ada"]
    assert ran[1][:4] == ["useradd", "--create-home", "--gid", "1600"]


def test_a_number_that_a_group_has_already_needs_no_other_group(apply):
    ran = apply("user --name=ada --gid=100\n")

    assert [argv[0] for argv in ran] == ["useradd"]


def test_a_user_takes_a_group_of_its_name(apply):
    assert apply("user --name=users\n")[0][2:4] == ["--gid", "users"]


def test_a_user_that_is_there_gets_what_the_line_says(apply):
    assert apply("user --name=daemon --groups=wheel --gecos=D --homedir=/x\n") == [
        ["usermod", "--append", "--groups", "wheel", "--home", "/x", "--comment", "D", "daemon"]
    ]


def test_a_user_that_is_there_and_has_all_of_it_is_left_alone(apply):
    assert apply("user --name=daemon\n") == []


def test_passwords_go_as_hashes_and_by_no_command_line(apply, system):
    ran = apply(f"rootpw --iscrypted {HASH}\nuser --name=ada --password=lovelace --plaintext\n")

    assert ran[-1] == ["chpasswd", "--encrypted"]
    assert not [word for argv in ran for word in argv if "lovelace" in word or HASH in word]
    root, ada = system.inputs[0].splitlines()
    assert root == f"root:{HASH}"
    assert ada.startswith("ada:$6$")


def test_who_is_locked_is_so_after_the_passwords_are_set(apply):
    ran = apply(
        "rootpw --lock --iscrypted '*'\nuser --name=ada --password=x --lock\nuser --name=b\n"
    )

    assert ran[-3:] == [
        ["chpasswd", "--encrypted"],
        ["usermod", "--lock", "root"],
        ["usermod", "--lock", "ada"],
    ]


def test_passwords_cannot_be_set_without_the_tool_for_it(guest, planned, secrets):
    text = "rootpw x\n"
    with pytest.raises(KickstartError, match="no chpasswd"):
        set_accounts(planned(text), secrets(text), guest.tree, guest)


@pytest.mark.parametrize(
    ("line", "tool"),
    [
        ("group --name=staff", "groupadd"),
        ("user --name=ada", "useradd"),
        ("user --name=daemon --uid=7", "usermod"),
        ("rootpw --lock", "usermod"),
    ],
)
def test_what_a_tool_refuses_is_an_error_with_its_words_and_the_line(apply, system, line, tool):
    system.refusals[tool] = "no room for it"

    with pytest.raises(KickstartError, match=f"{tool} of the installed.*: no room") as caught:
        apply(f"text\n{line}\n")
    assert str(caught.value.place) == "web.ks:2"


class TestKeys:
    def test_are_added_to_those_that_are_there(self, apply, system):
        system.write("/root/.ssh/authorized_keys", "ssh-rsa OLD a")

        apply("sshkey --username=root 'ssh-ed25519 AAAA b'\nsshkey --username=root 'x y z'\n")

        assert system.text("/root/.ssh/authorized_keys").splitlines() == [
            "ssh-rsa OLD a",
            "ssh-ed25519 AAAA b",
            "x y z",
        ]

    def test_are_for_their_owner_alone(self, apply, system):
        apply("sshkey --username=root 'ssh-ed25519 AAAA b'\n")

        assert system.mode("/root/.ssh") == 0o700
        assert system.mode("/root/.ssh/authorized_keys") == 0o600

    def test_of_nobody_are_an_error_with_the_line(self, apply):
        with pytest.raises(KickstartError, match="there is no user bob") as caught:
            apply("text\nsshkey --username=bob 'x y z'\n")
        assert str(caught.value.place) == "web.ks:2"
