"""The lines of a kickstart and of everything it includes, each with its place."""

from __future__ import annotations

import codecs
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import attrs

from applbuild.errors import KickstartError
from applbuild.kickstart.words import hide_credentials
from applbuild.model.problem import Place, Problem, Severity

INCLUDES = ("%include", "%ksappend")
_MAX_BYTES = 4 * 1024 * 1024
_MAX_LINES = 50_000
_MAX_FILES = 500
_MAX_DEPTH = 20


@attrs.frozen
class Line:
    """One line without its end, and where it stands."""

    text: str
    place: Place

    @property
    def word(self) -> str:
        """The first word, or nothing."""
        return next(iter(self.text.split(maxsplit=1)), "")


@attrs.frozen(kw_only=True)
class Text:
    """A kickstart with its includes in place."""

    lines: tuple[Line, ...]
    seen: tuple[Line, ...]
    """The same with the lines that include, in the order they are read."""
    repairs: tuple[Problem, ...] = ()
    """What had to be done to read it."""
    problems: tuple[Problem, ...] = ()
    """What is not included."""
    paths: tuple[Path, ...] = ()
    """The files of this host that were read."""


@attrs.frozen(kw_only=True)
class _File:
    """A file to read: a path, or a URL where `path` is None."""

    name: str
    """As messages call it, without credentials."""
    path: Path | None
    url: str = ""
    place: Place | None = None
    """The line that includes it."""


@attrs.frozen(kw_only=True)
class _Open:
    """A file that is being read."""

    file: _File
    lines: Iterator[Line]


def load(path: Path, *, must_include: bool = True, may_fetch: bool = True) -> Text:
    """Return the text of the kickstart at *path* with its includes in place.

    A relative include is looked for beside the file that names it. With
    *must_include* or *may_fetch* false, what is not included is a problem of
    the result. Places name files relative to the folder of *path*.

    Raises:
        KickstartError: a file cannot be read, or includes itself.
    """
    seen: list[Line] = []
    repairs: list[Problem] = []
    missing: list[_File] = []
    paths, files = [path], 1
    stack = [_open(_File(name=path.name, path=path), repairs)]
    while stack:
        line = next(stack[-1].lines, None)
        if line is None:
            stack.pop()
            continue
        seen.append(line)
        if line.word in INCLUDES:
            file = _included(line, stack[-1].file, path.parent)
            if _is_reachable(file, may_fetch=may_fetch):
                files += 1
                paths += [file.path] if file.path else []
                stack.append(_open(file, repairs))
            else:
                missing.append(file)
        _bound(stack, line, len(seen), files)
    problems = tuple(_absence(file, seen) for file in missing)
    if problems and must_include:
        first = problems[0]
        raise KickstartError(first.message, place=first.place, hint=first.hint)
    return Text(
        lines=tuple(line for line in seen if line.word not in INCLUDES),
        seen=tuple(seen),
        repairs=tuple(repairs),
        problems=problems,
        paths=tuple(dict.fromkeys(paths)),
    )


def _bound(stack: list[_Open], line: Line, lines: int, files: int) -> None:
    """Raise where a kickstart has no end."""
    outer = [opened.file for opened in stack[:-1]]
    if any(opened.path == stack[-1].file.path is not None for opened in outer):
        raise KickstartError(f"{stack[-1].file.name} includes itself", place=line.place)
    if len(stack) > _MAX_DEPTH or lines > _MAX_LINES or files > _MAX_FILES:
        raise KickstartError("the kickstart and what it includes is too long", place=line.place)


def _open(file: _File, repairs: list[Problem]) -> _Open:
    text = _decode(_content(file), file.name, repairs)
    # Only "\n" ends a line: str.splitlines knows more, and the numbers would not be
    # those of an editor.
    lines = text.removesuffix("\n").split("\n")
    return _Open(
        file=file,
        lines=(
            Line(line.removesuffix("\r"), Place(file.name, number))
            for number, line in enumerate(lines, start=1)
        ),
    )


def _included(line: Line, file: _File, folder: Path) -> _File:
    """Return the file that *line* (an %include) of *file* names."""
    try:
        args = shlex.split(line.text, comments=True)
    except ValueError as error:
        raise KickstartError(f"{line.word}: {error}", place=line.place) from None
    if len(args) < 2 or not args[1]:
        raise KickstartError(f"{line.word} names no file", place=line.place)
    target = args[1]
    try:
        if file.path is None and "://" not in target:
            target = urljoin(file.url, target)
        scheme = urlsplit(target).scheme if "://" in target else "file"
    except ValueError as error:
        raise KickstartError(f"{line.word}: {error}", place=line.place) from None
    if scheme != "file":
        return _File(name=hide_credentials(target), path=None, url=target, place=line.place)
    name = unquote(target.removeprefix("file://")) if "://" in target else target
    path = file.path.parent / name if file.path else Path(name)
    shown = path.relative_to(folder) if path.is_relative_to(folder) else path
    return _File(name=str(shown), path=path, place=line.place)


def _is_reachable(file: _File, *, may_fetch: bool) -> bool:
    """Return whether *file* can be included."""
    if file.path is None:
        return may_fetch
    try:
        return file.path.is_file()
    except (OSError, ValueError):
        return False  # a name that no file can have


def _absence(file: _File, seen: Iterable[Line]) -> Problem:
    """Return what there is to say of *file*, which is not included."""
    severity, hint = Severity.NOTE, ""
    writer = pre_naming(str(file.path), seen)
    if file.path is None:
        message = f"{file.name} is not read here; a build fetches it"
    elif writer is not None:
        message = f"{file.name} is for the %pre at {writer} to write"
        hint = "a build runs %pre first, and so does `plan --run-pre`"
    else:
        severity, message = Severity.WARNING, f"the included file {file.name} is not there"
        hint = "a relative name is looked for beside the file that includes it"
    return Problem(message=message, severity=severity, place=file.place, hint=hint)


def pre_naming(name: str, lines: Iterable[Line]) -> Place | None:
    """Return the first %pre of *lines* that names the file *name*."""
    section: Line | None = None
    for line in lines:
        if line.word.startswith("%") and line.word not in INCLUDES:
            section = line if line.word == "%pre" else None
        elif section is not None and name in line.text:
            return section.place
    return None


def _content(file: _File) -> bytes:
    if file.path is None:
        return _fetch(file)
    try:
        with file.path.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise KickstartError(f"cannot read {file.name}: {reason}", place=file.place) from None
    if len(content) > _MAX_BYTES:
        raise KickstartError(f"{file.name} is too large for a kickstart", place=file.place)
    return content


def _fetch(file: _File) -> bytes:
    from pykickstart.errors import KickstartError as PykickstartError
    from pykickstart.load import load_to_str

    try:
        return str(load_to_str(file.url)).encode()  # type: ignore[no-untyped-call]
    except (PykickstartError, ValueError) as error:
        reason = hide_credentials(str(error))
        raise KickstartError(f"cannot fetch {file.name}: {reason}", place=file.place) from None


def _decode(content: bytes, name: str, repairs: list[Problem]) -> str:
    def place(offset: int) -> Place:
        return Place(name, content[:offset].count(b"\n") + 1)

    def repair(message: str, offset: int) -> None:
        repairs.append(Problem(message=message, severity=Severity.NOTE, place=place(offset)))

    if (zero := content.find(b"\0")) >= 0:
        raise KickstartError("this is not a text", place=place(zero))
    if content.startswith(codecs.BOM_UTF8):
        repair("the byte order mark is left out", 0)
        content = content.removeprefix(codecs.BOM_UTF8)
    if (end := content.find(b"\r\n")) >= 0:
        repair("lines end as in DOS; they are read as if they did not", end)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        repair("this is not UTF-8; the file is read as Latin-1", error.start)
        return content.decode("latin-1")
