"""Builds that are ended in the middle, by an ordinary user and by root, with and without mercy."""

from __future__ import annotations

import random
import secrets
import shutil
import signal
import time
from pathlib import Path

import attrs
import pytest

KICKSTART = """\
liveimg --url=file://{tree}
part / --fstype=ext4 --size=60
part /srv --fstype=ext4 --size=10
part swap --size=10
bootloader --location=none
%post
echo the script is running
/bin/sleep {sleep}
%end
"""
STAGES = ("resolve", "install", "configure", "scripts", "disks", "raw")
"""In which stages builds are killed, each a random while after it has begun."""
DOZE = f"0.2{secrets.randbelow(10**6):06}"
"""How long the script sleeps; the number tells its process from all others."""


@attrs.frozen
class Bench:
    """A folder to build in, for one person; the work folder lies on its disk."""

    person: object
    folder: Path

    def start(self, *more):
        words = ["web.ks", "--format", "raw", "--cache", "cache", "--workdir", "work", *more]
        return self.person.start(self.person.applbuild(*words, is_on_disk=True), cwd=self.folder)

    def build(self):
        with self.start() as process:
            process.communicate(timeout=60)
        return process.returncode

    def names(self):
        """Return what is in the folder and in the work folder, besides what was there before."""
        found = {path.name for path in (*self.folder.iterdir(), *(self.folder / "work").iterdir())}
        return sorted(found - {"web.ks", "cache", "work"})


def make_bench(person, folder, tree, sleep):
    text = KICKSTART.format(tree=tree, sleep=sleep)
    (folder / "web.ks").write_text(text, encoding="utf-8")
    (folder / "work").mkdir()
    (folder / "cache").mkdir()
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, person.uid, person.gid)
    return Bench(person, folder)


def descendants(pid):
    """Return all processes that *pid* has started, and those have."""
    found, pending = [], [pid]
    while pending:
        pid = pending.pop()
        try:
            text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        except OSError:
            continue
        children = [int(word) for word in text.split()]
        found += children
        pending += children
    return found


def still_running(pids):
    """Return those of *pids* that are more than an entry in the table of processes."""
    alive = []
    for pid in pids:
        try:
            status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        except OSError:
            continue
        if status.rpartition(")")[2].split()[0] not in ("Z", "X"):
            alive.append(pid)
    return alive


def settled(condition, seconds=1.0):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@attrs.frozen
class Kill:
    """What was seen after a build was killed."""

    code: int
    had: int
    left: tuple[int, ...]
    names: tuple[str, ...]
    is_host_as_before: bool


@attrs.frozen
class Killed:
    """What came of all the builds that were killed, and of the next one."""

    kills: tuple[Kill, ...]
    next_code: int
    names: tuple[str, ...]
    images: tuple[str, ...]


def kill_in(bench, stage, seconds, look_at_host, processes):
    before = look_at_host()
    with bench.start("--progress", "json") as process:
        wait_for(process, f'"event": "begun", "stage": "{stage}"')
        time.sleep(seconds)
        started = descendants(process.pid)
        process.kill()
        process.communicate()
    settled(lambda: not still_running(started) and not processes(f"sleep\0{DOZE}"))
    return Kill(
        code=process.returncode,
        had=len(started),
        left=(*still_running(started), *processes(f"sleep\0{DOZE}")),
        names=tuple(bench.names()),
        is_host_as_before=look_at_host() == before,
    )


def wait_for(process, words):
    for line in process.stderr:
        if words in line:
            return
    pytest.fail(f"never said: {words}")


@pytest.fixture(scope="module")
def killed(builder, readable, tiny_tree, look_at_host, processes):
    """Builds of one folder, killed at moments spread over a build, and one that is not."""
    folder = readable / f"killed-{builder.name}"
    folder.mkdir()
    bench = make_bench(builder, folder, tiny_tree, DOZE)
    chance = random.Random(2008)  # noqa: S311 - the same moments every time
    kills = tuple(
        kill_in(bench, stage, chance.uniform(0, 0.05), look_at_host, processes) for stage in STAGES
    )
    code = bench.build()
    yield Killed(
        kills=kills,
        next_code=code,
        names=tuple(bench.names()),
        images=tuple(sorted(path.name for path in (folder / "web").iterdir())),
    )
    shutil.rmtree(folder, ignore_errors=True)


def test_the_builds_are_killed_in_the_middle(killed):
    assert [kill.code for kill in killed.kills] == [-signal.SIGKILL] * len(STAGES)
    # One may hit the moment between two rooms, where there is nothing to be left.
    assert sum(kill.had > 0 for kill in killed.kills) >= len(STAGES) - 1
    assert sum(len(kill.names) == 2 for kill in killed.kills) >= len(STAGES) - 1


def test_a_killed_build_leaves_no_process(killed):
    assert [kill.left for kill in killed.kills] == [()] * len(STAGES)


def test_a_killed_build_leaves_no_mount_and_no_loop_device(killed):
    assert all(kill.is_host_as_before for kill in killed.kills)


def test_a_killed_build_leaves_nothing_under_the_name_of_the_output(killed):
    assert not any("web" in kill.names for kill in killed.kills)


def test_a_killed_build_leaves_no_more_than_its_two_folders(killed, builder):
    for kill in killed.kills:
        staging = [name for name in kill.names if name.startswith(".web.applbuild-staging-")]
        work = [name for name in kill.names if name.startswith(f"applbuild-work-{builder.uid}-")]
        assert len(staging) <= 1
        assert len(work) <= 1
        assert sorted(staging + work) == list(kill.names)


def test_the_next_build_succeeds_and_removes_what_was_left(killed):
    assert killed.next_code == 0
    assert killed.names == ("web",)
    assert killed.images == ("SHA256SUMS", "manifest.json", "web-sda.raw")


# Signals that ask.


@pytest.fixture
def bench(desk, tiny_tree):
    return lambda person, sleep="600": make_bench(person, desk(person), tiny_tree, sleep)


def interrupted(bench, number, moment):
    """Send a signal once *moment* (a function of the process) returns; return code and seconds."""
    with bench.start("--verbose") as process:
        moment(process)
        started = descendants(process.pid)
        begun = time.monotonic()
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
        seconds = time.monotonic() - begun
    assert still_running(started) == []
    return process.returncode, seconds, said


def in_the_script(process):
    wait_for(process, "the script is running")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_in_the_middle_ends_a_build_within_a_second_and_leaves_nothing(
    bench, builder, number, code, look_at_host
):
    place, before = bench(builder), look_at_host()

    # The host may be busy with something else for a while, but hardly three times.
    for _ in range(3):
        ended, seconds, said = interrupted(place, number, in_the_script)
        if seconds < 1:
            break

    assert ended == code
    assert seconds < 1
    assert "interrupted; nothing is left behind" in said
    assert place.names() == []
    assert look_at_host() == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_any_moment_leaves_nothing(bench, as_user, number):
    chance, place = random.Random(number), bench(as_user)  # noqa: S311

    for _ in range(4):
        wait = chance.uniform(0.2, 1.5)
        code, seconds, said = interrupted(place, number, lambda _, wait=wait: time.sleep(wait))

        # Before it has begun, a program ends as signals end any other.
        assert code in (128 + number, -number), said
        assert place.names() == []
        assert seconds < 1


def test_an_earlier_output_outlives_a_build_that_is_interrupted(bench, as_user):
    place = bench(as_user)
    text = (place.folder / "web.ks").read_text(encoding="utf-8")
    (place.folder / "web.ks").write_text(text.replace("600", "0"), encoding="utf-8")
    assert place.build() == 0
    before = (place.folder / "web/SHA256SUMS").read_bytes()
    (place.folder / "web.ks").write_text(text, encoding="utf-8")

    interrupted(place, signal.SIGTERM, in_the_script)

    assert place.names() == ["web"]
    assert (place.folder / "web/SHA256SUMS").read_bytes() == before
