"""What the tests have done in a room: each function takes `send` and values, as rooms want it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from applbuild.errors import KickstartError, ToolError
from applbuild.model.problem import Place
from applbuild.model.result import Tree
from applbuild.room import WORK
from applbuild.run import Run, built_environment

RUN = Run(environment=built_environment())
TREE = WORK / "tree"


def echo(send, *values):
    """Send each value, and return them all."""
    for value in values:
        send(value)
    return list(values)


def fail(send, message):
    """Fail as a plugin does when the kickstart is to blame."""
    raise KickstartError(message, hint="mend it", place=Place("web.ks", 3))


def crash(send):
    """Fail as a plugin with a mistake does."""
    return 1 / 0


def return_something_odd(send):
    """Return what no other process can be given."""
    return lambda: None


def end(send, number):
    """Be killed."""
    os.kill(os.getpid(), number)
    time.sleep(60)


def exit_at_once(send):
    """End without a word."""
    os._exit(7)


def ids(send):
    """Return who one is, and whether every id of the room can own a file."""
    owners = {}
    for number in (0, 1, 5, 1000, 65534, 65535):
        path = WORK / str(number)
        path.touch()
        os.chown(path, number, number)
        owners[str(number)] = path.stat().st_uid
    return {"uid": os.getuid(), "gid": os.getgid(), "groups": os.getgroups(), "owners": owners}


def chown(send, path, uid, gid):
    """Give a file of the host to an id of the room."""
    os.chown(path, uid, gid)


def look(send, *paths):
    """Return which of *paths* are there."""
    return [path for path in paths if Path(path).exists()]


def _names(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def listing(send, path):
    """Return what is in a folder."""
    return _names(path)


def write(send, *paths):
    """Return by path how an attempt to make a file there ends."""
    ends = {}
    for path in paths:
        try:
            Path(path).write_text("x", encoding="utf-8")
            ends[path] = "written"
        except OSError as error:
            ends[path] = error.strerror
    return ends


def remount_and_write(send, *paths):
    """Make the folders of *paths* writable as far as the room's root can, and write."""
    for path in paths:
        for place in (Path(path).parent, "/usr", "/etc"):
            RUN(["mount", "-o", "remount,bind,rw", place], is_checked=False)
    return write(send, *paths)


def surroundings(send):
    """Return what a room tells of the host."""
    return {
        "pid": os.getpid(),
        "processes": sorted(int(name) for name in _names("/proc") if name.isdecimal()),
        "hostname": os.uname().nodename,
        "root": _names("/"),
        "umask": os.umask(0o022),
        "devices": _names("/dev"),
    }


def run(send, *words):
    """Run a host's program and return what it prints."""
    return RUN(list(words), on_line=send).stdout


def shout(send, count, length):
    """Send long lines from both streams of a program at the same time."""
    line = f"import sys\nfor n in range({count}): print('%s' * {length}, file=sys.%s, flush=True)"
    both = " & ".join(f'"{line % item}"' for item in (("o", "stdout"), ("e", "stderr")))
    words = both.replace('"import', 'python3 -c "import')
    RUN(["sh", "-c", f"{words}; wait"], on_line=send)


def wait_for_the_end(send, archive, sleep):
    """Start programs that would outlive everything, in both rooms, and never return."""
    stubborn = f"trap '' HUP INT TERM; exec sleep {sleep}"
    for words in (["sleep", sleep], ["sh", "-c", stubborn]):
        subprocess.Popen(words, start_new_session=True, stdout=subprocess.DEVNULL)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    line = f"trap '' HUP INT TERM; sleep {sleep} & echo ready; sleep {sleep}; sleep {sleep}"
    RUN.guest(_small_tree(archive), ["/bin/sh", "-c", line], on_line=send)


def _small_tree(archive):
    TREE.mkdir()
    RUN(["tar", "-C", TREE, "-xf", archive])
    return Tree(root=TREE, folders=())


def guests(send, archive, lines):
    """Run lines of shell, by name, each in a guest's room; return what comes of them."""
    tree, ends = _small_tree(archive), {}
    for name, line in lines.items():
        heard = []
        try:
            RUN.guest(tree, ["/bin/sh", "-c", line], on_line=heard.append)
            ends[name] = {"heard": heard}
        except ToolError as error:
            ends[name] = {"heard": heard, "error": error.message, "code": error.returncode}
    try:
        RUN.guest(tree, ["/no/such/program"])
    except ToolError as error:
        ends["missing"] = {"error": error.message, "code": error.returncode}
    return ends


def in_a_chroot(send, archive, canary, script, names, python, facts):
    """Make each attempt in a chroot that shares this room, and return what came of it.

    What a room of its own must stop, a chroot does not: this shows that an attempt can do what
    it tries. The canary is a file of this room; nothing leads from here to the host.
    """
    tree = _small_tree(archive)
    RUN(["mount", "--rbind", "/proc", tree.root / "proc"])
    RUN(["mount", "-t", "tmpfs", "tmpfs", tree.root / "tmp"])
    (tree.root / "dev/null").touch()
    RUN(["mount", "--bind", "/dev/null", tree.root / "dev/null"])
    Path(canary).parent.mkdir(parents=True)
    return {
        name: _attempted(name, tree.root, Path(canary), script, python, facts) for name in names
    }


def _attempted(name, root, canary, script, python, facts):
    canary.write_text("untouched", encoding="utf-8")
    outside = os.open("/", os.O_RDONLY)
    with subprocess.Popen(["sleep", "600"]) as victim:
        known = {**facts, "victim": victim.pid}
        (root / "tmp/script").write_text(
            f"{script}\nattempt({name!r}, {known!r})\n"
            # A tracer that ends lets its prey go: stay until it was looked at.
            "import sys; sys.stdin.read()\n",
            encoding="utf-8",
        )
        with subprocess.Popen(
            ["chroot", root, python, "-IBS", "/tmp/script"],  # noqa: S108
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=[outside],
        ) as process:
            said = []
            for line in process.stdout:
                said.append(line)
                if line.startswith(f"attempt {name} ended"):
                    break
            is_traced = f"TracerPid:\t{process.pid}" in _status(victim.pid)
            process.stdin.close()
        ended_by = victim.poll()
        victim.kill()
    os.close(outside)
    return {
        "canary": canary.read_text(encoding="utf-8"),
        "ended_by": ended_by,
        "is_traced": is_traced,
        "is_left": f"sleep\0{facts['sleep']}" in _command_lines(),
        "said": "".join(said),
    }


def _status(pid):
    try:
        return Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return ""


def _command_lines():
    found = []
    for name in _names("/proc"):
        if name.isdecimal():
            try:
                found.append(Path("/proc", name, "cmdline").read_bytes().decode().rstrip("\0"))
            except OSError:
                continue
    return found
