"""What the tests of the whole share: the two people who build, and a system small enough to copy.

Everything here is run by an ordinary user and, where the tests themselves run as root, by root as
well. The ordinary user is then `applbuild-test`, which script/test makes; it may be unable to read
the checkout (below /root, say), so what it imports is copied where it can.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

INSIDE = Path(__file__).with_name("inside")
USER = "applbuild-test"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TIMEOUT_SECONDS = 60


@attrs.frozen(kw_only=True)
class Person:
    """Someone who builds: runs commands under an id of their own, with an environment of ours."""

    name: str
    uid: int
    gid: int
    interpreter: str
    python_path: tuple[str, ...]
    helpers: Path
    """Where this person reads what lies in inside/."""

    @property
    def is_root(self) -> bool:
        return self.uid == 0

    def start(
        self,
        words: Sequence[object],
        *,
        environment: Mapping[str, str] | None = None,
        **about: Any,
    ) -> subprocess.Popen[str]:
        """Start a command; its output can be read line by line."""
        own = {} if self.uid == os.geteuid() else self._identity()
        return subprocess.Popen(
            [str(word) for word in words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                "PATH": PATH,
                "HOME": pwd.getpwuid(self.uid).pw_dir,
                "PYTHONPATH": os.pathsep.join(self.python_path),
                "PYTHONDONTWRITEBYTECODE": "1",
                **(environment or {}),
            },
            **own,
            **about,
        )

    def _identity(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def run(self, words: Sequence[object], **about: Any) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        with self.start(words, **about) as process:
            try:
                out, err = process.communicate(timeout=TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def applbuild(self, *words: object, is_on_disk: bool = False) -> list[object]:
        """Return the words of an applbuild command; *is_on_disk* as if memory were too small."""
        script = "on_disk.py" if is_on_disk else "in_memory.py"
        return [self.interpreter, self.helpers / script, *words]

    def call(self, function: str, *values: object, **about: Any) -> dict[str, Any]:
        """Call a function of inside/jobs.py in a room, and return what came of it."""
        done = self.run(self.calling(function, *values, **about))
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        events = [line["event"] for line in lines if "event" in line]
        ends = [line for line in lines if "event" not in line]
        assert len(ends) == 1, done.stderr
        return {**ends[0], "events": events, "code": done.returncode}

    def calling(self, function: str, *values: object, **about: Any) -> list[object]:
        """Return the words of a command that calls a function of inside/jobs.py in a room."""
        order = json.dumps({"function": function, "values": values, **about}, default=str)
        return [self.interpreter, self.helpers / "call.py", order]


def _person(name: str, readable: Path) -> Person:
    entry = pwd.getpwnam(name)
    interpreter = sys.executable
    stdlib = Path(sysconfig.get_path("stdlib"))
    wanted = [str(INSIDE), *(item for item in sys.path if Path(item).exists())]
    paths = [Path(item) for item in wanted if item and not Path(item).is_relative_to(stdlib)]
    if entry.pw_uid != os.geteuid():
        if not _can_read(entry, Path(interpreter)):
            interpreter = os.path.realpath(interpreter)
        paths = [
            path if _can_read(entry, path) else _copied(path, readable / str(number))
            for number, path in enumerate(paths)
        ]
    return Person(
        name=name,
        uid=entry.pw_uid,
        gid=entry.pw_gid,
        interpreter=interpreter,
        python_path=tuple(map(str, paths)),
        helpers=paths[0],
    )


def _can_read(entry: pwd.struct_passwd, path: Path) -> bool:
    done = subprocess.run(
        ["test", "-r", path], user=entry.pw_uid, group=entry.pw_gid, extra_groups=[], check=False
    )
    return done.returncode == 0


def _copied(path: Path, target: Path) -> Path:
    if path.is_dir():
        shutil.copytree(path, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(path, target)
    return target


@pytest.fixture(scope="session")
def readable() -> Iterator[Path]:
    """A folder that everyone can read; pytest's own cannot be entered by other users."""
    folder = Path(tempfile.mkdtemp(prefix="applbuild-tests-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def as_user(readable: Path) -> Person:
    """An ordinary user with subordinate ids."""
    if os.geteuid() != 0:
        return _person(pwd.getpwuid(os.geteuid()).pw_name, readable)
    try:
        pwd.getpwnam(USER)
    except KeyError:
        pytest.fail(f"there is no user {USER}; make it: useradd --create-home {USER}")
    return _person(USER, readable)


@pytest.fixture(scope="session")
def as_root(readable: Path) -> Person:
    """The real root, where the tests run as root."""
    if os.geteuid() != 0:
        pytest.skip("only root can build as root")
    return _person("root", readable)


@pytest.fixture(scope="session", params=["user", "root"])
def builder(request: pytest.FixtureRequest) -> Person:
    """Each of the two people in turn."""
    person: Person = request.getfixturevalue(f"as_{request.param}")
    return person


@pytest.fixture
def desk(readable: Path) -> Iterator[Callable[[Person], Path]]:
    """Makes empty folders that belong to a person."""
    made = []

    def make(person: Person) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="desk-", dir=readable))
        made.append(folder)
        folder.chmod(0o755)
        os.chown(folder, person.uid, person.gid)
        return folder

    yield make
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)


# A system of a few megabytes: a shell, sleep, cat and a Python that can make system calls.

_MODULES = "__future__, ctypes, json, os, signal, socket, struct, sys, time"
_LIST_MODULES = f"""
import {_MODULES}
for module in list(sys.modules.values()):
    if getattr(module, "__file__", None):
        print(module.__file__)
"""
PYTHON = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
"""The interpreter, as the small system has it too."""


def _parts_of_python() -> list[str]:
    done = subprocess.run(
        [PYTHON, "-IS", "-c", _LIST_MODULES], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def _libraries(files: Sequence[Path]) -> set[Path]:
    """Return what the programs and libraries among *files* are linked with, by ldd(1)."""
    done = subprocess.run(["ldd", *files], capture_output=True, text=True, check=False)
    words = done.stdout.split()
    return {Path(word) for word in words if word.startswith("/") and not word.endswith(":")}


@pytest.fixture(scope="session")
def small_system(readable: Path) -> Path:
    """A folder with a system that can run scripts; as root its files belong to several ids."""
    root = readable / "small-system"
    programs = {Path("/bin", name): Path("/bin", name) for name in ("sh", "sleep", "cat")}
    files = {**programs, Path(PYTHON): Path(PYTHON)}
    files |= {Path(name): Path(name) for name in _parts_of_python()}
    files |= {path: path for path in _libraries(list(files))}
    for place, source in files.items():
        target = root / place.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o755)
    # Every script would compile them anew: programs run with -B, which leaves no traces.
    compiler = ("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash")
    subprocess.run([PYTHON, *compiler, root], check=True)
    for name in ("dev", "etc", "proc", "root", "run", "srv", "sys", "tmp", "usr/bin", "var"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n", encoding="utf-8")
    (root / "etc/group").write_text("root:x:0:\n", encoding="utf-8")
    return root


_ALIKE = ("--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@1700000000")


def _packed(archive: Path, system: Path, *options: str) -> Path:
    subprocess.run(["tar", *_ALIKE, *options, "-C", system, "-cf", archive, "."], check=True)
    archive.chmod(0o644)
    return archive


@pytest.fixture(scope="session")
def small_tree(readable: Path, small_system: Path) -> Path:
    """A tar archive of the small system."""
    return _packed(readable / "small.tar", small_system)


@pytest.fixture(scope="session")
def tiny_tree(readable: Path, small_system: Path) -> Path:
    """The same without Python, where a shell will do."""
    return _packed(readable / "tiny.tar", small_system, "--exclude=*python*")


# What is left on this host.


@attrs.frozen
class Host:
    """What a build could leave behind outside of its folders."""

    mounts: tuple[str, ...]
    loops: tuple[str, ...]


@pytest.fixture(scope="session")
def look_at_host() -> Callable[[], Host]:
    """Returns what is mounted and which loop devices are in use."""

    def look() -> Host:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
        loops = sorted(str(path) for path in Path("/sys/block").glob("loop*/loop/backing_file"))
        return Host(tuple(mounts), tuple(loops))

    return look


@pytest.fixture(scope="session")
def processes() -> Callable[[str], list[int]]:
    """Returns the processes with a word in their command line; everyone may read those."""

    def find(word: str) -> list[int]:
        found = []
        for entry in Path("/proc").iterdir():
            try:
                line = (entry / "cmdline").read_bytes() if entry.name.isdecimal() else b""
            except OSError:
                continue
            if word.encode() in line:
                found.append(int(entry.name))
        return found

    return find


# The demo's appliance, from packages; it is built once for all tests that start or compare it.

EXAMPLE = Path(__file__).parents[1] / "examples/web.ks"
DEMO = (
    *("--disk", "os=5000MiB", "--disk", "data=1000MiB"),
    *("--format", "qcow2", "--format", "vmdk,subformat=streamOptimized"),
    *("--descriptor", "virt-image"),
)
BUILD_SECONDS = 900


@attrs.frozen
class Workshop:
    """A folder of a person, and what is built in it."""

    person: Person
    folder: Path

    def build(self, kickstart: str, *words: object, **about: Any) -> Path:
        """Build *kickstart* (a text) and return the output."""
        (self.folder / "web.ks").write_text(kickstart, encoding="utf-8")
        argv = [*about.pop("through", ()), *self.person.applbuild("web.ks", *words)]
        with self.person.start(argv, cwd=self.folder, **about) as process:
            _, complaint = process.communicate(timeout=BUILD_SECONDS)
        assert process.returncode == 0, complaint
        return self.folder / "web"


@pytest.fixture(scope="session")
def workshop(readable: Path) -> Callable[[Person], Workshop]:
    """Makes workshops."""

    def make(person: Person) -> Workshop:
        folder = Path(tempfile.mkdtemp(prefix="workshop-", dir=readable))
        os.chown(folder, person.uid, person.gid)
        return Workshop(person, folder)

    return make


@pytest.fixture(scope="session")
def example() -> tuple[str, tuple[str, ...]]:
    """The kickstart of script/demo, and what it is built with."""
    return EXAMPLE.read_text(encoding="utf-8"), DEMO


@pytest.fixture(scope="session")
def demo(
    as_user: Person,
    workshop: Callable[[Person], Workshop],
    example: tuple[str, tuple[str, ...]],
) -> Path:
    """What script/demo builds, built by the ordinary user."""
    kickstart, words = example
    return workshop(as_user).build(kickstart, *words)
