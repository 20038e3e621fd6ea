"""Logins in addresses are nobody's to see, however they are written."""

from __future__ import annotations

import pytest

from applbuild_payload_dnf.choice import complaint, transfers
from applbuild_payload_dnf.logins import split_login, without_login


@pytest.mark.parametrize(
    ("url", "address", "password"),
    [
        ("http://u:p@host/x", "http://host/x", "p"),
        ("https://user:p@ss@host/x", "https://host/x", "p@ss"),
        ("http://u:a,b@proxy:3128", "http://proxy:3128", "a,b"),
        ("http://u:a%40b@host/@x", "http://host/@x", "a@b"),
    ],
)
def test_a_login_is_parted_from_its_address(url, address, password):
    found, said = split_login(url)
    assert found == address
    assert said["password"] == password


def test_of_several_addresses_none_keeps_its_login():
    text = "http://a/x,http://u:p@b/y https://v:q,r@c/z@1"
    assert without_login(text) == "http://a/x,http://b/y https://c/z@1"


@pytest.mark.parametrize("tell", [transfers, complaint])
def test_what_dnf_says_of_an_address_is_told_without_its_login(tell):
    said = tell("Curl error (7): Couldn't connect for http://u:geheim@mirror.example.org/list [x]")
    assert "mirror.example.org/list" in said
    assert "geheim" not in said
