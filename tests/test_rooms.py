"""The build's room and the guest's room, made by an ordinary user and by root."""

from __future__ import annotations

import json
import os
import pwd
import secrets
import signal
import time
from pathlib import Path

import pytest

SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


def first_id_of(person):
    """Return which id of the host the room's id 5 is."""
    if person.is_root:
        return 5
    for line in Path("/etc/subuid").read_text(encoding="utf-8").splitlines():
        name, first, count = line.split(":")
        if name in (person.name, str(person.uid)) and int(count) >= 65535:
            return int(first) + 4
    return pytest.fail(f"{person.name} has no subordinate ids")


# What comes out.


def test_what_a_function_sends_and_returns_comes_out(builder):
    values = [1, "ö", None, {"a": [True, 2.5]}, "x" * 60_000]

    outcome = builder.call("echo", *values)

    assert outcome["events"] == outcome["result"] == values


def test_an_error_comes_out_as_it_was_raised(builder):
    outcome = builder.call("fail", "no such unit")

    assert outcome["error"] == "KickstartError"
    assert (outcome["message"], outcome["hint"]) == ("no such unit", "mend it")
    assert outcome["place"] == "web.ks:3"


def test_a_mistake_comes_out_with_where_it_was_made(as_user):
    outcome = as_user.call("crash")

    assert outcome["error"] == "ZeroDivisionError"
    assert "in crash" in outcome["notes"][-1]


def test_what_cannot_come_out_is_said_to(as_user):
    outcome = as_user.call("return_something_odd")

    assert outcome["error"] == "RuntimeError"
    assert "cannot leave the room" in outcome["message"]


def test_a_room_that_ends_without_a_word_is_an_error(as_user):
    outcome = as_user.call("exit_at_once")

    assert outcome["error"] == "RuntimeError"
    assert "ended without a word" in outcome["message"]


def test_lines_of_two_streams_do_not_mix(as_user):
    outcome = as_user.call("shout", 100, 30_000)

    assert sorted(outcome["events"]) == ["e" * 30_000] * 100 + ["o" * 30_000] * 100


# Whom one is, and what one sees.


def test_a_room_has_65536_ids_and_one_is_root_of_them(builder):
    outcome = builder.call("ids")["result"]

    assert (outcome["uid"], outcome["gid"], outcome["groups"]) == (0, 0, [])
    assert outcome["owners"] == {n: int(n) for n in ("0", "1", "5", "1000", "65534", "65535")}


def test_ids_of_the_room_are_subordinate_ids_of_the_builder(builder, desk):
    file = desk(builder) / "file"
    file.touch()
    os.chown(file, builder.uid, builder.gid)

    outcome = builder.call("chown", "/srv/file", 5, 5, binds=[[file.parent, "/srv", True]])

    assert outcome["result"] is None
    assert (file.stat().st_uid, file.stat().st_gid) == (first_id_of(builder),) * 2


@pytest.fixture(scope="module")
def surroundings(builder):
    """What a room of the builder tells of itself, though the caller's umask is unusual."""
    done = builder.run(builder.calling("surroundings"), umask=0o077)
    return json.loads(done.stdout)["result"]


def test_the_room_sees_its_own_processes_alone(surroundings):
    assert surroundings["pid"] == 1
    assert surroundings["processes"] == [1]


def test_the_room_does_not_tell_the_hosts_name(surroundings):
    assert surroundings["hostname"] == "localhost"


def test_the_room_has_the_usual_umask_whatever_the_callers(surroundings):
    assert surroundings["umask"] == 0o022


def test_no_device_but_the_harmless_ones_is_in_the_room(surroundings):
    harmless = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm"}

    assert set(surroundings["devices"]) == harmless | {"fd", "stdin", "stdout", "stderr"}


def test_the_users_home_is_not_there(builder, desk):
    home = pwd.getpwuid(builder.uid).pw_dir
    canary = desk(builder) / "canary"
    canary.touch()

    there = builder.call("look", canary, f"{home}/.profile", f"{home}/.bashrc", "/usr")["result"]

    assert there == ["/usr"]


def test_what_is_bound_is_there_and_nothing_beside_it(as_user, desk):
    folder = desk(as_user)
    for name in ("shown", "hidden"):
        (folder / name).mkdir()
        (folder / name / "file").touch()

    def seen(path):
        return as_user.call("listing", path, binds=[[folder / "shown", folder / "shown", False]])

    assert seen(folder)["result"] == ["shown"]
    assert seen(folder / "shown")["result"] == ["file"]


def test_only_what_is_bound_to_be_written_can_be(as_user, desk):
    folder = desk(as_user)
    for name in ("in", "out"):
        (folder / name).mkdir(mode=0o777)
        (folder / name).chmod(0o777)
    binds = [[folder / "in", "/srv/in", False], [folder / "out", "/srv/out", True]]

    ends = as_user.call("write", "/srv/in/file", "/srv/out/file", binds=binds)["result"]

    assert ends == {"/srv/in/file": "Read-only file system", "/srv/out/file": "written"}
    assert sorted(path.name for path in folder.rglob("file")) == ["file"]


def test_the_hosts_programs_and_settings_are_read_only(builder):
    name = f"applbuild-test-{secrets.token_hex(4)}"
    paths = [f"{folder}/{name}" for folder in ("/usr", "/usr/bin", "/etc", "/bin", "/lib")]

    ends = builder.call("write", *paths)["result"]

    assert ends == dict.fromkeys(paths, "Read-only file system")
    assert not any(Path(path).exists() for path in paths)


@pytest.fixture
def intruder():
    """A file that must not come into being in the host's /usr."""
    path = Path(f"/usr/applbuild-test-{secrets.token_hex(4)}")
    yield path
    path.unlink(missing_ok=True)


def test_the_rooms_own_root_cannot_make_the_hosts_programs_writable(builder, intruder):
    ends = builder.call("remount_and_write", intruder)["result"]

    assert ends[str(intruder)] in ("Read-only file system", "Permission denied")
    assert not intruder.exists()


def test_nothing_that_is_mounted_in_a_room_is_mounted_on_the_host(builder, look_at_host):
    before = look_at_host()

    builder.call("run", "mount", "-t", "tmpfs", "tmpfs", "/mnt")

    assert look_at_host() == before


# How it ends.


def settled(condition, seconds=1.0):
    """Return whether *condition* comes to hold within *seconds*."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def ready(process):
    """Wait until the function in the room says that it is there."""
    line = process.stdout.readline()
    assert "ready" in line, process.stderr.read()


@pytest.fixture
def marker():
    """What `sleep` is told, and nobody else is: it marks the processes of one test."""
    return f"{secrets.randbelow(10**6) + 10**6}.{secrets.randbelow(10**6) + 10**6}"


@pytest.fixture
def waiting(builder, marker, processes, tiny_tree):
    """A room, and a guest's room in it, whose programs run for ever and heed no signal."""
    binds = [[tiny_tree, tiny_tree, False]]
    words = builder.calling("wait_for_the_end", str(tiny_tree), marker, binds=binds)
    with builder.start(words) as process:
        try:
            ready(process)
            assert settled(lambda: len(processes(f"sleep\0{marker}")) == 4)
            yield process
        finally:
            process.kill()
            process.communicate()


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_the_room_within_a_second_and_nothing_runs_on(
    waiting, number, marker, processes
):
    begun = time.monotonic()

    waiting.send_signal(number)
    code = waiting.wait(timeout=10)

    assert time.monotonic() - begun < 1
    assert code == SIGNALS[number]
    assert processes(marker) == []


def test_signals_that_follow_a_signal_change_nothing(waiting, marker, processes):
    waiting.send_signal(signal.SIGTERM)
    waiting.send_signal(signal.SIGINT)
    waiting.send_signal(signal.SIGTERM)

    assert waiting.wait(timeout=10) in (130, 143)
    assert processes(marker) == []


def test_a_room_does_not_outlive_a_caller_that_is_killed(waiting, marker, processes):
    waiting.kill()
    waiting.wait(timeout=10)

    assert settled(lambda: not processes(marker))


def test_a_room_that_is_killed_is_an_error_and_leaves_no_process(waiting, marker, processes):
    children = Path(f"/proc/{waiting.pid}/task/{waiting.pid}/children")
    (room,) = children.read_text(encoding="utf-8").split()

    os.kill(int(room), signal.SIGKILL)

    said, _ = waiting.communicate(timeout=10)
    assert "ended without a word" in said
    assert settled(lambda: not processes(marker))


def test_a_finished_room_leaves_no_process(as_user, marker, processes):
    line = f"sleep {marker} >&- 2>&- & setsid sleep {marker} >&- 2>&- & echo done"
    outcome = as_user.call("run", "sh", "-c", line)

    assert outcome["events"] == ["done"]
    assert settled(lambda: not processes(marker))


# The guest's room.

LINES = {
    "world": "echo /*",
    "failing": "echo broken >&2; exit 3",
    "killed": "kill -9 $$",
    "both streams": "echo one; echo two >&2",
    "container": "/bin/cat /run/systemd/container",
    "environment": "/bin/cat /proc/self/environ; /bin/cat /proc/1/environ",
    "processes": "echo /proc/[0-9]*",
    "private": "echo x >/run/left; echo x >/tmp/left; echo x >/dev/left",
    "what is left": "echo /run/left* /tmp/left* /dev/left*",
    "lasting": "echo kept >/srv/file",
    "what lasts": "/bin/cat /srv/file",
    "leaving": "/bin/sleep {marker} & echo left",
}


@pytest.fixture(scope="module")
def guests(as_user, small_tree):
    """What came of LINES, each in a guest's room of its own, one after the other."""
    marker = f"{secrets.randbelow(10**6) + 10**6}.7"
    lines = {name: line.replace("{marker}", marker) for name, line in LINES.items()}
    process = as_user.run(
        as_user.calling("guests", str(small_tree), lines, binds=[[small_tree, small_tree, False]]),
        environment={"SECRET_TOKEN": "hunter2"},
    )
    return {**json.loads(process.stdout)["result"], "marker": marker}


def test_a_program_of_the_system_has_the_system_as_its_world(guests, small_system):
    (said,) = guests["world"]["heard"]

    assert said.split() == sorted(f"/{path.name}" for path in small_system.iterdir())


def test_a_program_that_the_system_lacks_is_an_error(guests):
    assert guests["missing"]["code"] == 127
    assert guests["missing"]["error"].startswith(
        "/no/such/program ended in 127:\n/no/such/program: "
    )


def test_a_program_that_fails_is_an_error_in_its_own_words(guests):
    assert guests["failing"]["error"] == (
        "/bin/sh -c 'echo broken >&2; exit 3' ended in 3:\nbroken"
    )


def test_a_program_that_is_killed_ends_as_a_shell_would_say(guests):
    assert guests["killed"]["code"] == 137


def test_lines_of_both_streams_are_heard(guests):
    assert sorted(guests["both streams"]["heard"]) == ["one", "two"]


def test_the_guest_learns_that_it_is_no_machine_of_its_own(guests):
    assert guests["container"]["heard"] == ["applbuild"]


def test_the_guest_knows_nothing_of_the_callers_environment(guests):
    (said,) = guests["environment"]["heard"]

    assert "PATH=" in said
    assert "hunter2" not in said
    assert "PYTHONPATH" not in said


def test_the_guest_sees_its_own_processes_alone(guests):
    (said,) = guests["processes"]["heard"]

    assert said == "/proc/1 /proc/2"


def test_what_a_program_writes_to_its_room_is_gone_with_it(guests):
    assert guests["what is left"]["heard"] == ["/run/left* /tmp/left* /dev/left*"]


def test_what_a_program_writes_to_the_system_stays(guests):
    assert guests["what lasts"]["heard"] == ["kept"]


def test_a_process_left_behind_ends_with_the_guests_room(guests, processes):
    assert guests["leaving"]["heard"] == ["left"]
    assert processes(f"sleep\0{guests['marker']}") == []
