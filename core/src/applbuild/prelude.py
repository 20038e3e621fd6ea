"""%pre: what runs before the kickstart can be read as a whole.

It runs in a room of its own, which looks like a machine with the appliance's
disks and memory; then the kickstart is read there, with what it wrote.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

from applbuild import kernel, namespace
from applbuild.errors import KickstartError, ToolError
from applbuild.kickstart import Reading, read
from applbuild.kickstart.text import Text, load, pre_naming
from applbuild.layout.shelves import lettered
from applbuild.model.problem import Problem, Severity
from applbuild.model.request import Script
from applbuild.model.storage import DiskRequest
from applbuild.progress import Event, Progress
from applbuild.room import PROC, Bind, Room
from applbuild.run import PATH, Run, built_environment
from applbuild.scripts import describe_failure, run_outside
from applbuild.units import MIB, SECTOR_BYTES

_TMP = Path("/tmp")  # noqa: S108 - of a room
_PROGRAMS = Path("/applbuild/bin")
_WORK_BYTES = 64 * MIB
_MOST_BYTES = 16 * MIB
"""What %pre may leave in /tmp for scripts that run later."""
_SCRATCH = ("/tmp", "/var/tmp", "/run")  # noqa: S108 - what a %pre names there, it writes


@attrs.frozen(kw_only=True)
class Machine:
    """What %pre finds out about the machine it seems to run on."""

    disks: tuple[DiskRequest, ...]
    memory_bytes: int
    has_network: bool


@attrs.frozen(kw_only=True)
class Prelude:
    """A kickstart that was read after its %pre, and what that left in /tmp."""

    reading: Reading
    files: tuple[tuple[str, bytes], ...] = ()


def read_after_pre(
    path: Path, machine: Machine, send: Callable[[Event], None], *, is_strict: bool
) -> Prelude:
    """Return the kickstart at *path* as its %pre scripts, if it has any, make it.

    Raises:
        KickstartError: it cannot be read, or a %pre with --erroronfail failed.
    """
    text = load(path, must_include=False)
    if not any(line.word == "%pre" for line in text.lines):
        return Prelude(reading=read(path, is_strict=is_strict))
    path = Path(os.path.normpath(path.absolute()))
    room = Room(binds=tuple(_binds(text)), work_bytes=_WORK_BYTES)
    prelude: Prelude = namespace.call(_perform, path, machine, is_strict, room=room, on_event=send)
    return prelude


def read_before_pre(path: Path, *, is_strict: bool) -> Reading:
    """Return the kickstart at *path* without running its %pre, which is a warning where it has one.

    Raises:
        KickstartError: it cannot be read.
    """
    reading = read(path, is_strict=is_strict)
    scripts = [script for script in reading.request.scripts if script.section == "pre"]
    warnings = tuple(
        Problem(
            message="%pre was not run",
            severity=Severity.WARNING,
            place=script.place,
            hint="`plan --run-pre` runs it, as a build does",
        )
        for script in scripts
    )
    return reading.evolve(problems=(*reading.request.problems, *warnings))


def _binds(text: Text) -> Iterator[Bind]:
    """Yield the kickstart's files, and nothing else of this host's.

    A %pre may be a stranger's; what it needs beside them it could not have had
    in an installer either.
    """
    for file in text.paths:
        place = Path(os.path.normpath(file.absolute()))
        is_scratch = any(place.is_relative_to(folder) for folder in _SCRATCH)
        if not (is_scratch and pre_naming(str(place), text.lines)):
            yield Bind(place.resolve(), place)


def _perform(
    send: Callable[[Event], None], path: Path, machine: Machine, is_strict: bool
) -> Prelude:
    """Run the %pre scripts of the kickstart at *path*, and read it; called in a room."""
    run = Run(environment=built_environment())
    first = read(path, must_include=False)
    scripts = [script for script in first.request.scripts if script.section == "pre"]
    with Progress(send).stage("pre") as within:
        _furnish(machine)
        for script in scripts:
            _run(script, machine, run, within)
    return Prelude(reading=read(path, is_strict=is_strict), files=_left_over())


def _run(script: Script, machine: Machine, run: Run, progress: Progress) -> None:
    environment = {"PATH": f"{_PROGRAMS}:{PATH}"}
    try:
        run_outside(
            script,
            run,
            progress.printed,
            environment=environment,
            has_network=machine.has_network,
        )
    except ToolError as error:
        message = describe_failure(script, error)
        if script.is_fatal:
            raise KickstartError(message, place=script.place) from None
        progress.remark(f"{script.place}: {message}", is_warning=True)
    except OSError as error:
        message = f"{script.place}: the log {script.log} cannot be written: {error.strerror}"
        progress.remark(message, is_warning=True)


def _furnish(machine: Machine) -> None:
    """Show the appliance's disks and memory where scripts look for them, and nothing of the host.

    A disk is called as the kernel would: sda is the first. Its /dev file has its
    size, and can be partitioned like any file; it is not the output disk.
    """
    _say("/proc/cmdline", "\n")
    _say("/proc/meminfo", f"MemTotal: {machine.memory_bytes // 1024:>12} kB\n")
    listed = []
    Path("/sys/block").mkdir(parents=True)
    for number, disk in enumerate(machine.disks):
        name = disk.name if lettered(disk.name) is not None else f"sd{chr(ord('a') + number)}"
        size_bytes = disk.size_bytes or 0
        facts = {"size": size_bytes // SECTOR_BYTES, "removable": 0, "ro": 0}
        folder = Path("/sys/block", name)
        folder.mkdir(exist_ok=True)
        for fact, value in facts.items():
            (folder / fact).write_text(f"{value}\n", encoding="ascii")
        with Path("/dev", name).open("wb") as file:
            file.truncate(size_bytes)
        listed.append(f"{name} {size_bytes / MIB:.1f}")
    # A program of Anaconda's: a line for each disk, its name and its size in MiB.
    _PROGRAMS.mkdir(parents=True)
    lister = _PROGRAMS / "list-harddrives"
    lister.write_text("\n".join(["#!/bin/sh", "cat <<'END'", *listed, "END", ""]), encoding="utf-8")
    lister.chmod(0o755)


def _say(path: str, text: str) -> None:
    """Let the file *path* of /proc say *text*."""
    made = PROC / Path(path).name
    made.parent.mkdir(exist_ok=True)
    made.write_text(text, encoding="ascii")
    kernel.bind(str(made), path, is_writable=False)


def _left_over() -> tuple[tuple[str, bytes], ...]:
    """Return the files in /tmp, but not what is mounted there."""
    found, device, left = [], _TMP.stat().st_dev, _MOST_BYTES
    for folder, names, files in os.walk(_TMP):
        names[:] = [name for name in sorted(names) if Path(folder, name).lstat().st_dev == device]
        for name in sorted(files):
            path = Path(folder, name)
            if path.is_symlink() or not path.is_file() or path.stat().st_dev != device:
                continue
            left -= path.stat().st_size
            if left < 0:
                raise KickstartError(
                    f"%pre leaves more than {_MOST_BYTES // MIB} MiB in /tmp",
                    hint="they are handed on to later scripts; remove what these do not need",
                )
            found.append((str(path), path.read_bytes()))
    return tuple(found)
