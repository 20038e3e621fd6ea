"""What a host lacks is told whole, before anything runs, in the words of its distribution."""

from __future__ import annotations

import pytest

from applbuild.errors import HostError
from applbuild.host import require
from applbuild.model.backend import Host, Tool

GRUB = Tool("grub-mkimage", deb="grub-common", rpm="grub2-tools", others=("grub2-mkimage",))
CLOCK = Tool("acme-clock", deb="acme-clocks", rpm="acme-time")


@pytest.fixture
def host(tmp_path):
    """Returns hosts of a family that have certain commands."""

    def make(family, *commands):
        for name in ("newuidmap", "newgidmap", *commands):
            (tmp_path / name).touch(mode=0o755)
        return Host(
            architecture="x86_64",
            distribution=family,
            family=(family,),
            codename="",
            path=str(tmp_path),
        )

    return make


@pytest.mark.parametrize("command", ["grub-mkimage", "grub2-mkimage"])
def test_a_tool_is_there_under_any_of_its_names(host, command):
    require((GRUB,), host("fedora", command))


@pytest.mark.parametrize(
    ("family", "said"),
    [
        ("debian", "apt-get install grub-common acme-clocks"),
        ("fedora", "dnf install grub2-tools acme-time"),
    ],
)
def test_everything_that_is_missing_is_told_at_once_with_its_packages(host, family, said):
    with pytest.raises(HostError) as caught:
        require((GRUB, CLOCK), host(family, "dnf"))
    assert "grub-mkimage is missing" in caught.value.message
    assert "acme-clock is missing" in caught.value.message
    assert caught.value.hint == f"run as root: {said}"
