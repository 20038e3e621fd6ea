from __future__ import annotations

import pytest
from passlib.hash import sha512_crypt

from applbuild.errors import KickstartError
from applbuild.kickstart import account, to_json, to_text
from applbuild.model.problem import Severity

PASSWORD = "Tr0ub4dor&3"  # noqa: S105
LINES = [
    f"rootpw {PASSWORD}",
    f"rootpw --plaintext '{PASSWORD}'",
    f"user --name=ada --password={PASSWORD}",
    f"user --name=ada --password {PASSWORD} --plaintext",
    f"user --name=ada --pass={PASSWORD}",
    f"sshpw --username=x {PASSWORD}",
    f"bootloader --password={PASSWORD}",
    f"part / --size=1 --encrypted --passphrase={PASSWORD}",
    f"vnc --password {PASSWORD}",
    f"rdp --username=x --password={PASSWORD}",
    f"network --device=wlan0 --essid=x --wpakey={PASSWORD}",
    f"realm join --one-time-password={PASSWORD} example.org",
    f"rhsm --activation-key={PASSWORD}",
    f"url --url=http://user:{PASSWORD}@mirror.example.org/",
]
WRONG_LINES = [
    f"rootpw a {PASSWORD}",
    f"rootpw --iscrypted --nonsense={PASSWORD} x",
    f"rootpw -{PASSWORD}",
    f"user --name=ada --pasword={PASSWORD}",
    f"user --name=ada --password=a {PASSWORD}",
    f"user --password={PASSWORD}",
    f"rootpw '{PASSWORD}",
]


def test_a_plain_password_becomes_a_sha512_crypt_hash(understand):
    hashes = dict(understand(f"rootpw {PASSWORD}\n").secrets.hashes)

    assert hashes["root"].startswith("$6$")
    assert sha512_crypt.verify(PASSWORD, hashes["root"])


def test_a_crypted_password_is_taken_as_it_is(understand):
    reading = understand("rootpw --iscrypted $6$a$b\nuser --name=x --iscrypted --password=$y$c\n")

    assert reading.secrets.hashes == (("root", "$6$a$b"), ("x", "$y$c"))


def test_the_same_kickstart_always_gives_the_same_hash_and_two_users_never_do(understand):
    text = f"rootpw {PASSWORD}\nuser --name=x --password={PASSWORD}\n"
    hashes = dict(understand(text).secrets.hashes)

    assert dict(understand(text).secrets.hashes) == hashes
    assert hashes["root"] != hashes["x"]


def test_the_digest_changes_with_a_password(understand):
    digests = {understand(f"rootpw {word}\n").request.digest for word in ("a", "b", "--lock")}

    assert len(digests) == 3


def test_a_locked_account_needs_no_password(understand):
    assert understand("rootpw --lock\nuser --name=x --lock\n").secrets.hashes == ()


@pytest.mark.parametrize("line", LINES)
def test_a_password_is_nowhere_shown(understand, write, line):
    reading = understand(f"lang C\n{line}\n")
    told = account(write(f"lang C\n{line}\n"))

    shown = f"{reading.request.problems} {to_json(told)} {list(to_text(told))} {reading.secrets}"
    assert PASSWORD not in shown


@pytest.mark.parametrize("line", WRONG_LINES)
def test_a_password_is_not_shown_in_an_error_either(understand, line):
    with pytest.raises(KickstartError) as caught:
        understand(f"lang C\n{line}\n")

    assert PASSWORD not in f"{caught.value!r} {caught.value} {caught.value.hint}"
    assert caught.value.__cause__ is None


def test_a_short_password_is_masked_without_spoiling_the_message(understand):
    with pytest.raises(KickstartError) as caught:
        understand("rootpw x a\n")

    assert caught.value.message == "Unexpected arguments to rootpw command: ['***']"


def test_a_password_with_characters_that_python_escapes_is_masked(understand):
    with pytest.raises(KickstartError) as caught:
        understand(r"rootpw x 'a\b' ")

    assert "a\\" not in caught.value.message


def test_the_last_password_of_an_account_counts(understand):
    reading = understand("rootpw --iscrypted one\nrootpw --iscrypted two\n")
    assert reading.secrets.hashes == (("root", "two"),)

    reading = understand("rootpw --iscrypted one\nrootpw --lock\n")
    assert reading.secrets.hashes == ()


def test_a_request_holds_no_hash(understand):
    reading = understand(f"rootpw {PASSWORD}\nuser --name=x --iscrypted --password=$6$a$b\n")

    assert "$6$" not in repr(reading)


@pytest.mark.parametrize(
    "line", ["rootpw --iscrypted 'a:0:b'", "user --name=x --iscrypted --password='a b'"]
)
def test_a_hash_that_no_shadow_could_hold_is_an_error_that_does_not_show_it(understand, line):
    reading = understand(f"{line}\n")

    (problem,) = reading.request.problems
    assert problem.severity is Severity.ERROR
    assert "is no hash of crypt(5)" in problem.message
    assert "a:0" not in str(problem)


@pytest.mark.parametrize("written", ["'*'", "'!!'", "'$6$a$b/c.'", "'$y$j9T$ab$cd'"])
def test_whatever_shadow_may_hold_is_taken_as_it_is(understand, written):
    reading = understand(f"rootpw --iscrypted {written}\n")

    assert reading.request.problems == ()
    assert reading.secrets.hashes == (("root", written.strip("'")),)
