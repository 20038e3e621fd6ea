from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from applbuild import kernel, namespace
from applbuild.errors import Interrupted, UsageError
from applbuild.manifest import CHECKSUMS, MANIFEST
from applbuild.room import Bind, Room
from applbuild.staging import (
    make_cache,
    refuse_foreign,
    remove_cache,
    remove_stale_output,
    remove_stale_work,
    staged_output,
    work_folder,
)

GIB = 1 << 30
SPOIL = """
import os
from pathlib import Path

def spoil(send, folder):
    inner = Path(folder, "owned")
    inner.mkdir()
    Path(inner, "file").write_text("x")
    os.chown(Path(inner, "file"), 5, 5)
    os.chown(inner, 5, 5)
    inner.chmod(0o700)
"""


@pytest.fixture
def parent(tmp_path):
    folder = tmp_path / "parent"
    folder.mkdir()
    return folder


@pytest.fixture
def spoiled(tmp_path, monkeypatch):
    """Puts into a folder what belongs to an id that only the room's root has."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/spoiling_for_staging.py").write_text(SPOIL, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path / "site")

    def spoil(folder):
        from spoiling_for_staging import spoil

        room = Room(binds=(Bind(folder, folder, is_writable=True),), work_bytes=1 << 20)
        namespace.call(spoil, folder, room=room)

    return spoil


@contextlib.contextmanager
def locked(folder):
    """What a build does to its folder while it lives."""
    descriptor = os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def finished(target, **files):
    """Make *target* an output as a build does."""
    with staged_output(target) as folder:
        (folder / MANIFEST).write_text('{"applbuild": "1"}', encoding="utf-8")
        sums = "".join(f"0123  {name}\n" for name in files)
        (folder / CHECKSUMS).write_text(sums, encoding="ascii")
        for name, content in files.items():
            (folder / name).write_text(content, encoding="utf-8")


def broken_off(context, error=ZeroDivisionError, **files):
    """Write into the folder that *context* gives, and fail."""

    def fail():
        with context as folder:
            for name, content in files.items():
                (folder / name).write_text(content, encoding="utf-8")
            raise error

    with pytest.raises(error):
        fail()


# The output.


def test_an_output_is_there_when_all_went_well_and_nothing_else_is(parent):
    finished(parent / "web", image="data")

    assert names(parent) == ["web"]
    assert names(parent / "web") == [CHECKSUMS, "image", MANIFEST]


def test_an_output_has_no_name_before_it_is_whole(parent):
    with staged_output(parent / "web") as folder:
        (folder / "image").touch()
        assert not (parent / "web").exists()
        assert folder.parent == parent
        assert folder.name.startswith(".")


@pytest.mark.parametrize(
    ("umask", "folder", "file"), [(0o022, 0o755, 0o644), (0o077, 0o700, 0o600)]
)
def test_who_may_read_an_output_is_for_the_umask_to_say(parent, umask, folder, file):
    former = os.umask(umask)
    try:
        finished(parent / "web", image="x")
    finally:
        os.umask(former)

    assert (parent / "web").stat().st_mode & 0o777 == folder
    assert (parent / "web/image").stat().st_mode & 0o777 == file


def test_an_output_to_which_somebody_added_a_file_is_refused_and_left_alone(parent):
    finished(parent / "web", image="old")
    (parent / "web/notes").write_text("precious", encoding="utf-8")

    with pytest.raises(UsageError, match="not of applbuild: notes"):
        finished(parent / "web", image="new")

    assert (parent / "web/notes").read_text(encoding="utf-8") == "precious"
    assert (parent / "web/image").read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_a_build_that_fails_leaves_nothing(parent, error):
    broken_off(staged_output(parent / "web"), error, image="half")

    assert names(parent) == []


def test_an_earlier_output_is_replaced_whole(parent):
    finished(parent / "web", image="old", document="old")

    finished(parent / "web", image="new")

    assert names(parent) == ["web"]
    assert names(parent / "web") == [CHECKSUMS, "image", MANIFEST]
    assert (parent / "web/image").read_text(encoding="utf-8") == "new"


def test_an_earlier_output_stays_as_it_is_when_a_build_fails(parent):
    finished(parent / "web", image="old")

    broken_off(staged_output(parent / "web"), image="new")

    assert names(parent) == ["web"]
    assert (parent / "web/image").read_text(encoding="utf-8") == "old"


def test_an_earlier_output_is_there_until_the_very_swap(parent):
    finished(parent / "web", image="old")

    with staged_output(parent / "web") as folder:
        (folder / "image").write_text("new", encoding="utf-8")
        assert (parent / "web/image").read_text(encoding="utf-8") == "old"


def test_the_swap_is_one_step(parent, monkeypatch):
    finished(parent / "web", image="old")
    seen = []

    def exchange(first, second):
        seen.append((names(first), names(second)))
        swap(first, second)
        seen.append((names(first), names(second)))

    swap = kernel.exchange
    monkeypatch.setattr(kernel, "exchange", exchange)

    finished(parent / "web", picture="new")

    old, new = [CHECKSUMS, "image", MANIFEST], [CHECKSUMS, MANIFEST, "picture"]
    assert seen == [(new, old), (old, new)]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS])
def test_a_file_system_that_cannot_swap_gets_the_output_too(parent, monkeypatch, number):
    finished(parent / "web", image="old")

    def exchange(first, second):
        raise OSError(number, "cannot")

    monkeypatch.setattr(kernel, "exchange", exchange)

    finished(parent / "web", picture="new")

    assert names(parent) == ["web"]
    assert names(parent / "web") == [CHECKSUMS, MANIFEST, "picture"]


def test_an_output_that_a_killed_build_had_set_aside_comes_back(parent):
    finished(parent / "web", image="old")
    (parent / "web").rename(parent / ".web.applbuild-staging-123-former")

    remove_stale_output(parent)

    assert names(parent) == ["web"]
    assert (parent / "web/image").read_text(encoding="utf-8") == "old"


def build_for_ever(target, *, in_vain):
    with staged_output(target) as folder:
        for number in range(20_000):
            (folder / str(number)).touch()
        in_vain.start()
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)


def test_a_second_interruption_does_not_keep_the_first_from_cleaning_up(parent):
    def interrupt(number, frame):
        raise Interrupted(number)

    former = signal.signal(signal.SIGINT, interrupt)
    impatient = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
    try:
        with pytest.raises(Interrupted):
            build_for_ever(parent / "web", in_vain=impatient)
        impatient.join()
    finally:
        signal.signal(signal.SIGINT, former)

    assert names(parent) == []


def test_a_swap_that_fails_loses_nothing_of_the_earlier_output(parent, monkeypatch):
    finished(parent / "web", image="old")

    def exchange(first, second):
        raise OSError(errno.EIO, "broken disk")

    monkeypatch.setattr(kernel, "exchange", exchange)

    with pytest.raises(OSError, match="broken disk"):
        finished(parent / "web", image="new")

    assert names(parent) == ["web"]
    assert (parent / "web/image").read_text(encoding="utf-8") == "old"


def test_an_empty_folder_is_taken(parent):
    (parent / "web").mkdir()

    finished(parent / "web", image="new")

    assert names(parent / "web") == [CHECKSUMS, "image", MANIFEST]


def test_a_folder_of_someone_else_is_refused_and_left_alone(parent):
    (parent / "web").mkdir()
    (parent / "web/thesis").write_text("years of work", encoding="utf-8")

    with pytest.raises(UsageError) as caught, staged_output(parent / "web"):
        pytest.fail("begun all the same")

    assert caught.value.message.endswith(f"is no output of applbuild (by its {MANIFEST})")
    assert caught.value.hint == "name another folder, or move this one away"
    assert names(parent) == ["web"]
    assert names(parent / "web") == ["thesis"]


def test_a_file_in_the_way_is_refused(parent):
    (parent / "web").touch()

    with pytest.raises(UsageError, match="is there, and is not a folder"):
        refuse_foreign(parent / "web")


@pytest.mark.parametrize("target", ["elsewhere", "nowhere", "."])
def test_a_link_in_the_way_is_refused(parent, target):
    finished(parent / "elsewhere")
    (parent / "web").symlink_to(target)

    with pytest.raises(UsageError, match="is there, and is not a folder"):
        refuse_foreign(parent / "web")


def test_an_output_needs_a_folder_to_be_in(parent):
    with pytest.raises(UsageError, match="nowhere is not a folder"):
        refuse_foreign(parent / "nowhere/web")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_output_needs_a_folder_that_can_be_written_to(parent):
    parent.chmod(0o555)

    with pytest.raises(UsageError, match="cannot be written to"):
        refuse_foreign(parent / "web")


def test_refusing_touches_nothing(parent):
    refuse_foreign(parent / "web")

    assert names(parent) == []


# What killed builds leave.

KILLED = """
import os, signal, sys
from pathlib import Path
from applbuild.staging import staged_output

with staged_output(Path(sys.argv[1])) as folder:
    (folder / "image").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
KILLED_EARLY = """
import os, signal, sys
from pathlib import Path
from applbuild.staging import staged_output

make = Path.mkdir
Path.mkdir = lambda *a, **k: (make(*a, **k), os.kill(os.getpid(), signal.SIGKILL))
staged_output(Path(sys.argv[1])).__enter__()
"""


def die(target, program):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program, target], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.fixture
def killed(parent):
    """Kills a build of parent/web; returns the name of what it left."""
    before = set(names(parent))
    die(parent / "web", KILLED)
    (left,) = set(names(parent)) - before
    return left


def test_a_killed_build_leaves_nothing_under_the_name_of_the_output(parent, killed):
    assert names(parent) == [killed]
    assert killed.startswith(".web.")


def test_the_next_build_removes_what_a_killed_one_left(parent, killed):
    finished(parent / "web")

    assert names(parent) == ["web"]


def test_the_next_build_removes_it_even_when_it_fails_itself(parent, killed):
    broken_off(staged_output(parent / "web"))

    assert names(parent) == []


def test_a_build_of_something_else_leaves_it(parent, killed):
    finished(parent / "we")

    assert names(parent) == [killed, "we"]


def test_cleaning_a_folder_removes_what_killed_builds_left_of_any_output(parent, killed):
    assert remove_stale_output(parent) == (parent / killed,)
    assert names(parent) == []


def test_the_folder_of_a_build_that_lives_is_never_removed(parent):
    with staged_output(parent / "web") as folder:
        (folder / "image").write_text("half", encoding="utf-8")

        assert remove_stale_output(parent) == ()
        assert names(folder) == ["image"]


def test_two_builds_of_one_output_do_not_disturb_each_other(parent):
    with staged_output(parent / "web") as first:
        (first / MANIFEST).write_text('{"applbuild": "1"}', encoding="utf-8")
        finished(parent / "web", image="second")
        assert names(first) == [MANIFEST]

    assert names(parent) == ["web"]
    assert names(parent / "web") == [MANIFEST]


def test_a_link_that_is_called_as_something_stale_is_not_followed(parent, tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/thesis").touch()
    link = parent / ".web.applbuild-staging-000000"
    link.symlink_to(tmp_path / "precious")

    finished(parent / "web")

    assert names(tmp_path / "precious") == ["thesis"]


def test_what_belongs_to_ids_of_the_room_is_removed_too(parent, killed, spoiled):
    spoiled(parent / killed)

    assert remove_stale_output(parent) == (parent / killed,)
    assert names(parent) == []


def test_a_name_with_signs_of_patterns_is_only_a_name(parent):
    stale = parent / ".w[e]b.applbuild-staging-000000"
    stale.mkdir()

    finished(parent / "w[e]b")

    assert names(parent) == ["w[e]b"]


def test_a_build_killed_before_its_folder_is_locked_is_cleaned_up_too(parent):
    die(parent / "web", KILLED_EARLY)
    assert names(parent) != []

    finished(parent / "web")

    assert names(parent) == ["web"]


# The work folder.


def test_work_that_fits_in_half_of_the_memory_needs_no_folder(parent):
    with work_folder(parent, needed_bytes=GIB, free_bytes=2 * GIB) as folder:
        assert folder is None
        assert names(parent) == []


def test_work_that_does_not_fit_gets_a_folder_for_as_long_as_it_lasts(parent):
    with work_folder(parent, needed_bytes=GIB + 1, free_bytes=2 * GIB) as folder:
        assert folder.parent == parent
        assert names(folder) == []
        (folder / "tree").touch()

    assert names(parent) == []


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_the_work_folder_goes_with_a_build_that_fails(parent, error):
    broken_off(work_folder(parent, 1, 0), error, tree="")

    assert names(parent) == []


def test_a_work_folder_full_of_other_peoples_files_goes_too(parent, spoiled):
    with work_folder(parent, 1, 0) as folder:
        spoiled(folder)

    assert names(parent) == []


def test_the_next_build_removes_the_work_folder_of_a_killed_one(parent, spoiled):
    stale = parent / f"applbuild-work-{os.geteuid()}-000000"
    stale.mkdir()
    spoiled(stale)

    with work_folder(parent, 0, GIB):
        assert names(parent) == []


def test_the_work_folder_of_a_build_that_lives_stays(parent):
    with work_folder(parent, 1, 0) as folder:
        assert remove_stale_work(parent) == ()
        assert folder.is_dir()


def test_the_work_folder_of_another_user_stays(parent):
    other = parent / f"applbuild-work-{os.geteuid() + 1}-000000"
    other.mkdir()

    assert remove_stale_work(parent) == ()
    assert other.is_dir()


def test_a_locked_folder_stays_whoever_locked_it(parent):
    stale = parent / f"applbuild-work-{os.geteuid()}-000000"
    stale.mkdir()

    with locked(stale):
        assert remove_stale_work(parent) == ()
    assert remove_stale_work(parent) == (stale,)


# The cache.


def test_kept_packages_can_be_forgotten(tmp_path, spoiled):
    cache = tmp_path / "cache"
    make_cache(cache)
    spoiled(cache)

    assert remove_cache(cache) == (cache,)
    assert not cache.exists()


@pytest.mark.parametrize("act", [make_cache, remove_cache])
def test_a_folder_that_is_no_cache_is_refused_and_left_alone(tmp_path, act):
    (tmp_path / "thesis").touch()

    with pytest.raises(UsageError, match="not applbuild's"):
        act(tmp_path)

    assert names(tmp_path) == ["thesis"]


def test_a_cache_can_be_used_again(tmp_path):
    make_cache(tmp_path)
    (tmp_path / "apt").mkdir()

    make_cache(tmp_path)

    assert names(tmp_path) == ["CACHEDIR.TAG", "apt"]


def test_a_cache_that_is_not_there_is_forgotten_already(tmp_path):
    assert remove_cache(tmp_path / "cache") == ()
