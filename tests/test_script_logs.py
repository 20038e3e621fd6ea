"""Logs of scripts, in a whole build by an ordinary user."""

from __future__ import annotations

import subprocess

import pytest

SIZE = 64 << 20


@pytest.fixture(scope="module")
def image(as_user, workshop, tiny_tree):
    """A disk whose system has the logs of its scripts."""
    kickstart = (
        f"liveimg --url=file://{tiny_tree}\n"
        "part / --size=60\nbootloader --disabled\n"
        "%post --log=/root/logs/inside.log\n"
        "for i in 1 2 3; do echo out; echo err >&2; done\nexit 3\n%end\n"
        "%post --nochroot --log=/mnt/sysimage/root/outside.log\necho beep\n%end\n"
        "%post --nochroot\n(while echo x; do sleep 0.01; done) &\n%end\n"
        "%post --nochroot --erroronfail\nset -e\nls -A /applbuild/output | wc -l\n"
        "! touch /applbuild/cache/evil\n! touch /applbuild/output/evil\n%end\n"
        "%post --log=/escape/stolen\necho beep\n%end\n"
        "%pre-install\nln -s /usr/../../../../.. $INSTALL_ROOT/escape\n%end\n"
    )
    output = workshop(as_user).build(kickstart, "--format", "raw")
    return output / "web-sda.raw"


def read(image, path):
    """Return the file *path* of the only partition, without mounting it."""
    system = f"{image}?offset={1 << 20}"
    done = subprocess.run(
        ["debugfs", "-R", f"cat {path}", system], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_a_script_inside_has_its_log_in_the_system_in_the_order_of_printing(image):
    assert read(image, "/root/logs/inside.log") == "out\nerr\n" * 3


def test_a_script_outside_may_have_its_log_there_too(image):
    assert read(image, "/root/outside.log") == "beep\n"


def test_what_a_script_outside_leaves_running_ends_with_it(image):
    """The one of this kickstart would have written for ever, and nothing would have been built."""
    assert image.is_file()


def test_a_script_outside_does_not_reach_what_is_delivered(image):
    """Its own lines say so, and would have ended the build."""
    assert not (image.parent / "evil").exists()


def test_a_link_of_the_system_does_not_lead_a_log_out_of_it(image):
    assert read(image, "/stolen") == "beep\n"
