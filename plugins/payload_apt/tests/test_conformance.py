"""The kit for payloads, with the smallest system of this host's own release."""

from __future__ import annotations

from pathlib import Path

import pytest

import applbuild_payload_apt
from applbuild import Request, Source
from applbuild.testing import examples
from applbuild.testing.payloads import PayloadConformance


@pytest.mark.packages
class TestApt(PayloadConformance):
    backend = applbuild_payload_apt
    name = "apt"

    def request(self, folder: Path) -> Request:
        del folder
        return examples.request()

    def unclaimed(self) -> tuple[Request, ...]:
        others = (
            ("liveimg", "file:///srv/system.tar"),
            ("url", "http://mirror.example.org/fedora/releases/40/Everything/x86_64/os"),
        )
        return tuple(
            examples.request(sources=(Source(command=command, url=url),)) for command, url in others
        )
