"""A %post script that tries to leave its room, in every way known here, leaves nothing behind.

One build for each builder runs all attempts, a %post section each, with its work folder on the
host's disk: so the tree lies on the file system that holds the file which is to be defaced. What
came of an attempt is looked at from the host; that it was made at all is in what it printed. For
the ways that lead out of a chroot, a last test shows that they do.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

INSIDE = Path(__file__).with_name("inside")
PYTHON = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
SETTING = Path("/proc/sys/kernel/printk_ratelimit_burst")
UNTOUCHED = "the user's thesis\n"
CONTROL_GROUPS = Path("/sys/fs/cgroup")

_spec = importlib.util.spec_from_file_location("attempts", INSIDE / "attempts.py")
attempts = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(attempts)


@attrs.frozen(kw_only=True)
class Tried:
    """What the host looks like after all attempts, and what each of them printed."""

    said: dict[str, str]
    canary: Path
    victim: subprocess.Popen
    sleep: str
    token: str
    setting: str
    wanted: str
    host_python: tuple[str, str]
    tcp: socket.socket
    unnamed: socket.socket
    outcome: subprocess.CompletedProcess


def listening(family, address):
    listener = socket.socket(family)
    listener.bind(address)
    listener.listen()
    listener.setblocking(False)
    return listener


def somebody_called(listener):
    try:
        connection, _ = listener.accept()
    except BlockingIOError:
        return False
    connection.close()
    return True


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def facts_of(canary, victim, sleep, token, wanted, port):
    """Return all that an attacker could wish to know."""
    device = canary.stat().st_dev
    return {
        "canary": str(canary),
        "handle": attempts.handle_of(canary),
        "devices": [(os.major(device), os.minor(device)), (8, 0), (253, 0), (254, 0), (259, 0)],
        "victim": victim,
        "sleep": sleep,
        "token": token,
        "setting": str(SETTING),
        "wanted": wanted,
        "port": port,
    }


def sections_of(facts, names=tuple(attempts.WAYS)):
    """Return a kickstart's %post sections, one for each attempt."""
    source = (INSIDE / "attempts.py").read_text(encoding="utf-8")
    return "".join(
        f"%post --interpreter='{PYTHON} -IBS'\n{source}\nattempt({name!r}, {facts!r})\n%end\n"
        for name in names
    )


def kickstart_of(tree, sections):
    return (
        f"liveimg --url=file://{tree}\npart / --fstype=ext4 --size=150\n"
        f"bootloader --location=none\n{sections}"
    )


def said_by_each(outcome):
    """Return what each attempt printed, up to its end."""
    said, name = {}, None
    for line in outcome.stderr.splitlines():
        words = line.split()
        if words[:1] == ["attempt"] and words[2:] == ["begun"]:
            name = words[1]
            said[name] = ""
        elif name is not None:
            said[name] += f"{line.strip()}\n"
    return said


def random_sleep():
    return f"{secrets.randbelow(10**6) + 10**6}.{secrets.randbelow(10**6)}"


@pytest.fixture(scope="module")
def tried(builder, readable, small_tree):
    folder = readable / f"escapes-{builder.name}"
    for name in ("home", "work", "cache"):
        (folder / name).mkdir(parents=True)
    canary = folder / "home/thesis"
    canary.write_text(UNTOUCHED, encoding="utf-8")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, builder.uid, builder.gid)
    setting = SETTING.read_text(encoding="ascii")
    sleep, token = random_sleep(), f"applbuild-test-{secrets.token_hex(6)}"
    wanted = str(int(setting) + 1)
    before = digest(PYTHON)
    with (
        builder.start(["sleep", random_sleep()]) as victim,
        listening(socket.AF_INET, ("127.0.0.1", 0)) as tcp,
        listening(socket.AF_UNIX, f"\0{token}") as unnamed,
    ):
        port = tcp.getsockname()[1]
        facts = facts_of(canary, victim.pid, sleep, token, wanted, port)
        (folder / "web.ks").write_text(
            kickstart_of(small_tree, sections_of(facts)), encoding="utf-8"
        )
        words = ["web.ks", "--verbose", "--format", "raw", "--seed", "s", "--workdir", "work"]
        outcome = builder.run(
            builder.applbuild(*words, "--cache", "cache", is_on_disk=True),
            cwd=folder,
            environment={"SECRET_TOKEN": "hunter2", "HOME": str(folder / "home")},
        )
        yield Tried(
            said=said_by_each(outcome),
            canary=canary,
            victim=victim,
            sleep=sleep,
            token=token,
            setting=setting,
            wanted=wanted,
            host_python=(before, digest(PYTHON)),
            tcp=tcp,
            unnamed=unnamed,
            outcome=outcome,
        )
        victim.kill()
        victim.communicate()
    if SETTING.read_text(encoding="ascii") != setting:
        SETTING.write_text(setting, encoding="ascii")
    for left in CONTROL_GROUPS.rglob(token):
        left.rmdir()
    shutil.rmtree(folder, ignore_errors=True)


def test_the_build_itself_goes_well(tried):
    assert tried.outcome.returncode == 0, tried.outcome.stderr


@pytest.mark.parametrize("name", attempts.WAYS)
def test_every_attempt_is_made_to_its_end(tried, name):
    assert tried.said[name].endswith(f"attempt {name} ended\n")


DEFACING = (
    "directly",
    "chroot_twice",
    "root_of_processes",
    "folder_of_processes",
    "open_folders",
    "join_namespaces",
    "file_handles",
)


@pytest.mark.parametrize("name", DEFACING)
def test_a_file_of_the_user_is_neither_read_nor_written(tried, name):
    assert len(tried.said[name].splitlines()) > 1
    assert UNTOUCHED.strip() not in tried.said[name]
    assert tried.canary.read_text(encoding="utf-8") == UNTOUCHED


def test_a_process_of_the_host_is_not_killed(tried):
    assert tried.said["kill_outside"].startswith("kill: ")
    assert "kill -1: " in tried.said["kill_everyone"]
    assert tried.victim.poll() is None


def test_a_process_of_the_host_is_not_taken_over(tried):
    assert tried.said["trace_outside"].startswith("ptrace: ")
    status = Path(f"/proc/{tried.victim.pid}/status").read_text(encoding="utf-8")
    assert "TracerPid:\t0" in status
    assert "State:\tS" in status


def test_the_disk_of_the_host_is_not_read(tried):
    said = tried.said["device_of_the_disk"].splitlines()[:-1]

    assert len(said) == 5
    assert {line.partition(": ")[2] for line in said} == {"Operation not permitted"}


def test_no_file_system_that_shows_the_host_is_mounted(tried):
    said = tried.said["mount_the_host"].splitlines()[:-1]

    assert "mount sysfs: Operation not permitted" in said
    assert "mount devtmpfs: Operation not permitted" in said
    assert not any("shows" in line for line in said)


def test_the_interpreter_of_the_host_is_not_written(tried):
    assert "/proc/1/exe: " in tried.said["host_interpreter"]
    assert "opened for writing" not in tried.said["host_interpreter"]
    assert tried.host_python[0] == tried.host_python[1]


def test_no_setting_of_the_kernel_is_changed(tried):
    assert "printk_ratelimit_burst: " in tried.said["kernel_settings"]
    assert "printk_ratelimit_burst: written" not in tried.said["kernel_settings"]
    assert "printk_ratelimit_burst: written" not in tried.said["kernel_settings_elsewhere"]
    assert SETTING.read_text(encoding="ascii") == tried.setting


def test_no_control_group_is_made(tried):
    assert "unshare: " in tried.said["control_groups"]
    assert "made a group" not in tried.said["control_groups"]
    assert list(CONTROL_GROUPS.rglob(tried.token)) == []


def test_no_service_of_the_host_is_called(tried):
    assert tried.said["network"].startswith("connect: ")
    assert not somebody_called(tried.tcp)


def test_no_unnamed_socket_of_the_host_is_called(tried):
    assert tried.said["unnamed_socket"].startswith("connect: ")
    assert not somebody_called(tried.unnamed)


def test_no_process_stays_behind(tried, processes):
    assert tried.said["stay_behind"].startswith("left a process behind\n")
    assert processes(f"sleep\0{tried.sleep}") == []


def test_the_host_is_not_told_of(tried):
    said = dict(line.partition(" ")[::2] for line in tried.said["look_around"].splitlines())

    assert "hunter2" not in said["environment"]
    assert "PATH=" in said["environment"]
    assert said["hostname"] == "localhost"
    assert said["interfaces"] == "['lo']"
    assert "applbuild" not in said["files"]
    assert ".room" not in said["files"]


# That the attempts are worth making.


def test_a_service_is_called_when_scripts_may_use_the_network(as_user, desk, small_tree):
    folder = desk(as_user)
    with (
        listening(socket.AF_INET, ("127.0.0.1", 0)) as tcp,
        listening(socket.AF_UNIX, f"\0{folder.name}") as unnamed,
    ):
        facts = {"port": tcp.getsockname()[1], "token": folder.name}
        sections = sections_of(facts, ("network", "unnamed_socket"))
        (folder / "web.ks").write_text(kickstart_of(small_tree, sections), encoding="utf-8")
        words = ["web.ks", "--format", "raw", "--script-network", "--cache", "cache"]
        outcome = as_user.run(as_user.applbuild(*words), cwd=folder)

        assert outcome.returncode == 0, outcome.stderr
        assert somebody_called(tcp)
        assert somebody_called(unnamed)


@pytest.fixture(scope="module")
def in_a_chroot(as_user, small_tree):
    """What came of the attempts in a chroot inside of the build's room, where they cannot hurt."""
    names = (*DEFACING[1:6], "kill_outside", "trace_outside", "stay_behind")
    canary = Path("/var/tmp/home/thesis")  # noqa: S108 - of the room
    facts = facts_of(Path(PYTHON), 0, random_sleep(), "", "", 0) | {"canary": str(canary)}
    script = (INSIDE / "attempts.py").read_text(encoding="utf-8")
    outcome = as_user.call(
        "in_a_chroot",
        str(small_tree),
        str(canary),
        script,
        names,
        PYTHON,
        facts,
        binds=[[small_tree, small_tree, False]],
    )
    assert "result" in outcome, outcome
    return outcome["result"]


@pytest.mark.parametrize("name", DEFACING[1:6])
def test_a_chroot_would_not_keep_the_users_files(in_a_chroot, name):
    assert in_a_chroot[name]["canary"].startswith("defaced"), in_a_chroot[name]["said"]


def test_a_chroot_would_not_keep_other_processes(in_a_chroot):
    assert in_a_chroot["kill_outside"]["ended_by"] == -signal.SIGKILL
    assert in_a_chroot["trace_outside"]["is_traced"], in_a_chroot["trace_outside"]["said"]


def test_a_chroot_would_not_end_what_stays_behind(in_a_chroot):
    assert in_a_chroot["stay_behind"]["is_left"], in_a_chroot["stay_behind"]["said"]
