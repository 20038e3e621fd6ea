"""Which backends a build uses, and whether they and this host can do it."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from applbuild.backends import Backends
from applbuild.errors import ProblemsError, UsageError
from applbuild.host import require
from applbuild.layout import filesystem_of
from applbuild.model.backend import Claim, Host
from applbuild.model.plan import Selection
from applbuild.model.problem import Problem, Severity
from applbuild.model.request import BackendRequest, Request
from applbuild.model.storage import PartitionKind
from applbuild.steps import gather_needs, selected_tools


@attrs.frozen(kw_only=True)
class Wishes:
    """The backends that the command line names."""

    payload: BackendRequest | None = None
    partition: BackendRequest | None = None
    bootloader: BackendRequest | None = None
    formats: tuple[BackendRequest, ...] = ()
    descriptors: tuple[BackendRequest, ...] = ()


def select(request: Request, wishes: Wishes, backends: Backends, host: Host) -> Selection:
    """Return the backends of a build of *request*, every one loaded and its options valid.

    Raises:
        BackendError: one is missing, or none can be chosen.
        UsageError: an option is not valid, or two outputs would be one file.
    """
    # What was named comes first: that it is missing is what the user wants to hear.
    for role, named in (("format", wishes.formats), ("descriptor", wishes.descriptors)):
        for asked in named:
            backends.info(role, asked.name)
    formats = wishes.formats or (backends.choose("format", None, request, host),)
    bootloader = (
        backends.choose("bootloader", wishes.bootloader, request, host)
        if request.boot.is_installed
        else None
    )
    selection = Selection(
        payload=backends.choose("payload", wishes.payload, request, host),
        partition=backends.choose("partition", wishes.partition, request, host),
        bootloader=bootloader,
        formats=formats,
        descriptors=wishes.descriptors,
    )
    for role, asked in selection.backends:
        backends.options(role, asked)
    _refuse_doubles(selection, backends)
    _refuse_undescribed(selection)
    needs = gather_needs(request, selection, backends)
    parts = (*request.partitions, *needs.partitions)
    filesystems = tuple(
        dict.fromkeys(filesystem_of(p) for p in parts if p.kind is not PartitionKind.BIOS_BOOT)
    )
    for name in filesystems:
        backends.info("filesystem", name)
    return attrs.evolve(selection, filesystems=filesystems)


def _refuse_doubles(selection: Selection, backends: Backends) -> None:
    by_extension: dict[str, BackendRequest] = {}
    for asked in selection.formats:
        extension = backends.info("format", asked.name).extension
        if extension in by_extension:
            raise UsageError(
                f"--format {by_extension[extension]} and --format {asked} would write the same "
                f"files (.{extension})",
                hint="build them into two folders",
            )
        by_extension[extension] = asked


def _refuse_undescribed(selection: Selection) -> None:
    made = [item.name for item in selection.formats]
    for asked in selection.descriptors:
        described = dict(asked.options).get("format", made[0])
        if described not in made:
            raise UsageError(
                f"--descriptor {asked}: {described} is not among the formats: {', '.join(made)}"
            )


def check(
    request: Request, selection: Selection, backends: Backends, host: Host
) -> tuple[Problem, ...]:
    """Return everything that is to say about *request*: of the kickstart and of every backend."""
    problems = list(request.problems)
    for role, asked in selection.backends:
        answer = backends.ask("applbuild_check", role, asked.name, request=request, host=host)
        problems += answer or ()
    problems += gather_needs(request, selection, backends).problems
    problems += _too_long_labels(request, backends)
    problems += _without_extlinux(request, selection, backends, host)
    problems += _unused_options(request, selection, backends)
    return tuple(problems)


def _too_long_labels(request: Request, backends: Backends) -> tuple[Problem, ...]:
    """Return the labels that their filesystems would refuse, or cut."""
    problems = []
    for part in request.partitions:
        if part.label is None:
            continue
        filesystem = filesystem_of(part)
        most, size = backends.info("filesystem", filesystem).label_bytes, len(part.label.encode())
        if most is not None and size > most:
            problems.append(
                Problem(
                    message=f"part {part.title}: the label {part.label} has {size} bytes, "
                    f"{filesystem} holds {most}",
                    place=part.place,
                    hint="shorten it",
                )
            )
    return tuple(problems)


def _without_extlinux(
    request: Request, selection: Selection, backends: Backends, host: Host
) -> tuple[Problem, ...]:
    """Return the warning that `bootloader --extlinux` gets another boot loader, if it does."""
    chosen = selection.bootloader
    if chosen is None or not request.boot.uses_extlinux:
        return ()
    claim = backends.ask("applbuild_claim", "bootloader", chosen.name, request=request, host=host)
    if claim is Claim.ASKED:
        return ()
    return (
        Problem(
            message=f"no boot loader that is made for --extlinux is chosen: {chosen.name} is",
            severity=Severity.WARNING,
            place=request.boot.place,
            hint="install a plugin that offers one, or leave --extlinux out",
        ),
    )


def _unused_options(
    request: Request, selection: Selection, backends: Backends
) -> Iterator[Problem]:
    """Yield what the kickstart says to backends, and they do not honour."""
    payload = selection.payload.name
    known = backends.info("payload", payload).kickstart_options
    packages = request.packages
    said = [
        *(
            (f"{source.command} --{name}", name, source.place)
            for source in request.sources
            for name, _ in source.options
        ),
        *(("module", "module", stream.place) for stream in packages.modules),
        *((f"%packages --{name}", name, packages.place) for name, _ in packages.options),
        *(
            (f"{package.name} {option}", option.removeprefix("--"), package.place)
            for package in packages.wanted
            for option in package.options
        ),
    ]
    for spelled, name, place in said:
        if name not in known:
            message = f"`{spelled}` has no effect: the payload {payload} does not know it"
            yield Problem(message=message, severity=Severity.WARNING, place=place)
    for part in request.partitions:
        filesystem = filesystem_of(part)
        options = backends.info("filesystem", filesystem).kickstart_options
        if part.bytes_per_inode is not None and "bytes-per-inode" not in options:
            message = f"`part {part.title} --bytes-per-inode` has no effect with {filesystem}"
            yield Problem(message=message, severity=Severity.WARNING, place=part.place)


def refuse(problems: tuple[Problem, ...]) -> None:
    """Raise ProblemsError with those of *problems* that are errors, if there are any."""
    errors = tuple(item for item in problems if item.severity is Severity.ERROR)
    if errors:
        raise ProblemsError(errors)


def require_tools(selection: Selection, backends: Backends, host: Host) -> None:
    """Raise HostError if the host lacks a program that a selected backend runs."""
    require(selected_tools(selection, backends), host)
