"""From what was typed to an order that can be built."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from applbuild.backends import Backends
from applbuild.errors import ApplbuildError, UsageError
from applbuild.host import look_around
from applbuild.kickstart import Reading, account, read
from applbuild.kickstart.account import Account
from applbuild.layout import lay_out, settle
from applbuild.model.plan import Resolution
from applbuild.model.problem import Problem, Severity
from applbuild.model.request import Firmware, Request
from applbuild.model.storage import DiskRequest, PartitionKind
from applbuild.options import parse_backend
from applbuild.pipeline import Order
from applbuild.prelude import Machine, Prelude, read_after_pre, read_before_pre
from applbuild.progress import Event
from applbuild.selection import Wishes, check, refuse, require_tools, select
from applbuild.steps import gather_needs
from applbuild.units import parse_size


@attrs.frozen(kw_only=True)
class Prepared:
    """An order, and what a person should know before it is carried out."""

    order: Order
    problems: tuple[Problem, ...]


def prepare(asked: dict[str, Any], send: Callable[[Event], None], *, runs_pre: bool) -> Prepared:
    """Return the order for what was typed; with *runs_pre*, %pre is run, in a room of its own.

    Raises:
        ApplbuildError: of any kind; nothing was written.
    """
    path, is_strict = _kickstart(asked["kickstart"]), asked["strict"]
    if runs_pre:
        prelude = read_after_pre(path, _machine(asked), send, is_strict=is_strict)
    else:
        prelude = Prelude(reading=read_before_pre(path, is_strict=is_strict))
    reading = prelude.reading
    request = settle(_request(reading, asked))
    host, backends = look_around(), Backends()
    selection = select(request, _wishes(asked), backends, host)
    problems = check(request, selection, backends, host)
    refuse(problems)
    require_tools(selection, backends, host)
    order = Order(
        request=request,
        secrets=reading.secrets,
        selection=selection,
        cache=asked["cache"].absolute(),
        work=asked["workdir"].absolute(),
        epoch_seconds=_epoch(),
        files=prelude.files,
    )
    return Prepared(order=order, problems=_short(problems, path))


def _short(problems: tuple[Problem, ...], path: Path) -> tuple[Problem, ...]:
    """Return the warnings among *problems*, and one note on how many notes there are."""
    warnings = tuple(item for item in problems if item.severity is Severity.WARNING)
    count = sum(item.severity is Severity.NOTE for item in problems)
    if not count:
        return warnings
    notes = "1 note" if count == 1 else f"{count} notes"
    message = f"{path.name}: {notes} on what does not apply to an image, or was repaired"
    hint = f"`applbuild check {path}` shows them"
    return (*warnings, Problem(message=message, severity=Severity.NOTE, hint=hint))


@attrs.frozen(kw_only=True)
class Examined:
    """What `check` has to say: of each line, and of all of them together on this host."""

    account: Account
    problems: tuple[Problem, ...]


def examine(asked: dict[str, Any]) -> Examined:
    """Return everything that is to say about what was typed; nothing is run or fetched.

    Raises:
        KickstartError: the kickstart cannot be read.
        UsageError: the command line cannot be.
    """
    path = _kickstart(asked["kickstart"])
    found = account(path, is_strict=asked["strict"])
    reading = read(path, is_strict=asked["strict"], must_include=False, may_fetch=False)
    request = _request(reading, asked)
    known = set(request.problems)
    if not reading.is_whole:
        message = "what the disks and the software would be is not known without all includes"
        return Examined(account=found, problems=(Problem(message=message, severity=Severity.NOTE),))
    problems = (item for item in _problems_here(request, asked) if item not in known)
    return Examined(account=found, problems=tuple(problems))


def _problems_here(request: Request, asked: dict[str, Any]) -> tuple[Problem, ...]:
    """Return what the backends say, and whether the partitions can be laid out."""
    host, backends = look_around(), Backends()
    try:
        request = settle(request)
        selection = select(request, _wishes(asked), backends, host)
    except UsageError:
        raise
    except ApplbuildError as error:
        return (_told(error),)
    problems = check(request, selection, backends, host)
    try:
        needs = gather_needs(request, selection, backends)
        lay_out(request, needs, Resolution(), selection, identifier_bits={})
    except ApplbuildError as error:
        problems += (_told(error),)
    return problems


def _told(error: ApplbuildError) -> Problem:
    return Problem(message=error.message, place=error.place, hint=error.hint)


def _kickstart(named: Path | None) -> Path:
    if named is not None:
        return named
    try:
        found = sorted(Path().glob("*.ks"))
    except OSError as error:
        raise UsageError(
            f"this folder cannot be read: {error.strerror}", hint="name a kickstart"
        ) from error
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(
            "no kickstart is named, and there is no *.ks here",
            hint="applbuild KICKSTART; applbuild --help says more",
        )
    names = ", ".join(map(str, found))
    raise UsageError(f"which of these kickstarts? {names}", hint=f"applbuild {found[0]}")


def _request(reading: Reading, asked: dict[str, Any]) -> Request:
    request = reading.request
    firmware = Firmware(asked["firmware"]) if asked["firmware"] else _firmware(request)
    return attrs.evolve(
        request,
        name=_name(asked["name"] or request.name),
        disks=_disks(asked["disks"]),
        firmware=firmware,
        memory_bytes=asked["memory"],
        vcpus=asked["vcpus"],
        seed=asked["seed"],
        has_script_network=asked["script_network"],
    )


def _machine(asked: dict[str, Any]) -> Machine:
    return Machine(
        disks=_disks(asked["disks"]),
        memory_bytes=asked["memory"],
        has_network=asked["script_network"],
    )


def _firmware(request: Request) -> Firmware:
    """Return what the image starts on if nobody says: with a GPT, everything."""
    kinds = {part.kind for part in request.partitions}
    if request.table == "msdos" and PartitionKind.EFI_SYSTEM not in kinds:
        return Firmware.BIOS
    return Firmware.BOTH


def _name(name: str) -> str:
    if not name or name.startswith((".", "-")) or "/" in name or not name.isprintable():
        raise UsageError(
            f"{name!r} cannot name files", hint="give the appliance another name with --name"
        )
    return name


def _disks(texts: tuple[str, ...]) -> tuple[DiskRequest, ...]:
    disks: dict[str, DiskRequest] = {}
    for text in texts:
        name, equals, size = text.partition("=")
        if not equals:
            raise UsageError(f"--disk {text}: write NAME=SIZE, e.g. --disk {text}=5000MiB")
        if name in disks:
            raise UsageError(f"--disk {name} is given twice")
        try:
            size_bytes = parse_size(size)
        except ValueError as error:
            raise UsageError(f"--disk {text}: {error}") from None
        disks[name] = DiskRequest(name=_name(name), size_bytes=size_bytes)
    return tuple(disks.values())


def _wishes(asked: dict[str, Any]) -> Wishes:
    def one(role: str) -> Any:
        return parse_backend(asked[role]) if asked[role] else None

    return Wishes(
        payload=one("payload"),
        partition=one("partition"),
        bootloader=one("bootloader"),
        formats=tuple(map(parse_backend, asked["formats"])),
        descriptors=tuple(map(parse_backend, asked["descriptors"])),
    )


def _epoch() -> int | None:
    text = os.environ.get("SOURCE_DATE_EPOCH")
    if not text:
        return None
    if not text.isdecimal():
        raise UsageError(f"SOURCE_DATE_EPOCH={text} is no number of seconds")
    return int(text)
