"""External commands: the only module that starts processes for the rest."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import Thread
from typing import IO

import attrs

from applbuild import guest_room
from applbuild.errors import HostError, ToolError
from applbuild.model.result import Tree

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TAIL_LINES = 15

Argument = str | os.PathLike[str]


@attrs.frozen(kw_only=True)
class Ran:
    """What a command that ended well printed."""

    stdout: str
    stderr: str
    returncode: int = 0


@attrs.frozen(kw_only=True)
class Run:
    """Runs commands with a built environment, no shell and no input but what is given."""

    environment: tuple[tuple[str, str], ...] = ()

    def __call__(
        self,
        argv: Sequence[Argument],
        *,
        input: str | None = None,  # noqa: A002 - the name that subprocess made usual
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        on_line: Callable[[str], None] | None = None,
        is_checked: bool = True,
        in_one: bool = False,
    ) -> Ran:
        """Run *argv* on the host's side of the room and return what it printed.

        *input* is all it can read; secrets go that way, never in *argv*.
        *on_line* is given each line as it is printed, on either stream; with
        *in_one* both are one stream, stdout, in the order of printing.

        Raises:
            ToolError: it cannot be started or, unless *is_checked* is false, did not end in 0.
        """
        words = tuple(os.fspath(word) for word in argv)
        process = self._start(
            words,
            {**dict(self.environment), **(environment or {})},
            directory,
            has_input=input is not None,
            in_one=in_one,
        )
        with process:
            out, err = _gather(process, input, on_line)
        if process.returncode and is_checked:
            tail = "\n".join((err.strip() or out.strip()).splitlines()[-_TAIL_LINES:])
            raise ToolError(words, process.returncode, tail)
        return Ran(stdout=out, stderr=err, returncode=process.returncode)

    def guest(
        self,
        tree: Tree,
        argv: Sequence[Argument],
        *,
        input: str | None = None,  # noqa: A002
        environment: Mapping[str, str] | None = None,
        has_network: bool = False,
        stand_ins: Iterable[tuple[str, str]] = (),
        files: Iterable[tuple[str, str]] = (),
        shown: Iterable[tuple[Path, str]] = (),
        on_line: Callable[[str], None] | None = None,
        is_checked: bool = True,
        in_one: bool = False,
    ) -> Ran:
        """Run *argv*, a program of the installed system, with *tree* as its whole world.

        It sees no file, process or (unless *has_network*) network of the host,
        and what it leaves running dies with it. *stand_ins* are scripts, by
        path, that hide programs of the system while it runs; *files* are programs
        put below its /run or /tmp, which are gone afterwards. *shown* are folders
        of the host that it may read there meanwhile, each with its path for the system.

        Raises:
            ToolError: it cannot be started or, unless *is_checked* is false, did not end in 0.
        """
        order = {
            "root": os.fspath(tree.root),
            "argv": [os.fspath(word) for word in argv],
            "has_network": has_network,
            # Links of the system are followed inside it: a script may have made them.
            "resolver": os.fspath(tree.path("/etc/resolv.conf")),
            "stand_ins": list(stand_ins),
            "files": list(files),
            "shown": [(os.fspath(folder), path) for folder, path in shown],
        }
        descriptor, name = tempfile.mkstemp(prefix="order-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(order, file)
        try:
            return self(
                [sys.executable, "-I", "-S", guest_room.__file__, name],
                input=input,
                environment=environment,
                on_line=on_line,
                is_checked=is_checked,
                in_one=in_one,
            )
        except ToolError as error:
            raise ToolError(
                tuple(os.fspath(word) for word in argv), error.returncode, error.tail
            ) from None

    def find(self, *commands: str) -> str:
        """Return where the first of *commands*, names of one program, lies that the host has.

        Raises:
            HostError: it has none.
        """
        path = dict(self.environment).get("PATH")
        found = next(filter(None, (shutil.which(name, path=path) for name in commands)), None)
        if found is None:
            raise HostError(f"this host has no {' or '.join(commands)}")
        return found

    def _start(
        self,
        words: tuple[str, ...],
        environment: Mapping[str, str],
        directory: Path | None,
        *,
        has_input: bool,
        in_one: bool,
    ) -> subprocess.Popen[str]:
        try:
            return subprocess.Popen(
                words,
                stdin=subprocess.PIPE if has_input else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if in_one else subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                env=environment,
                cwd=directory,
            )
        except OSError as error:
            raise ToolError(words, 127, str(error)) from error


def built_environment(epoch_seconds: int | None = None) -> tuple[tuple[str, str], ...]:
    """Return the whole environment of a command: nothing of the caller's gets in."""
    pairs = {"PATH": PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", "TZ": "UTC", "TMPDIR": "/tmp"}  # noqa: S108
    if epoch_seconds is not None:
        pairs["SOURCE_DATE_EPOCH"] = str(epoch_seconds)
    return tuple(pairs.items())


def _gather(
    process: subprocess.Popen[str], text: str | None, on_line: Callable[[str], None] | None
) -> tuple[str, str]:
    """Return both streams whole; a thread each, so that neither can block the other."""
    if on_line is None:
        out, err = process.communicate(text)
        return out, err or ""
    kept: tuple[list[str], list[str]] = ([], [])
    readers = [
        Thread(target=_read, args=(stream, lines, on_line))
        for stream, lines in zip((process.stdout, process.stderr), kept, strict=True)
        if stream is not None
    ]
    for reader in readers:
        reader.start()
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):  # it need not read what it is given
            process.stdin.write(text or "")
            process.stdin.close()
    for reader in readers:
        reader.join()
    process.wait()
    return "".join(kept[0]), "".join(kept[1])


def _read(stream: IO[str], lines: list[str], on_line: Callable[[str], None]) -> None:
    for line in stream:
        lines.append(line)
        on_line(line.rstrip("\n"))
