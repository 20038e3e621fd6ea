"""The arrows of the pipeline: each turns one value into the next, by asking a backend."""

from __future__ import annotations

from pathlib import Path

import attrs

from applbuild import disks as raw_disks
from applbuild import kernel
from applbuild.backends import Backends
from applbuild.guest import HYPERVISOR_DRIVERS, Kernel, command_line, kernels
from applbuild.model.backend import Tool
from applbuild.model.plan import Needs, Plan, Selection, Volume
from applbuild.model.request import Request
from applbuild.model.result import (
    Appliance,
    Artifact,
    Boot,
    Document,
    Machine,
    MachineDisk,
    Output,
    RawDisk,
    Target,
    Tree,
)
from applbuild.model.settings import Secrets
from applbuild.progress import Progress
from applbuild.room import CACHE, OUTPUT, SYSTEM, WORK
from applbuild.run import Run
from applbuild.settings_needs import settings_needs
from applbuild.tree import make_tree

CONSOLES = ("console=tty0", "console=ttyS0,115200")
NEEDED_BY_ALL = Needs(drivers=HYPERVISOR_DRIVERS, arguments=CONSOLES)
"""What every appliance needs, whatever it is for."""


def gather_needs(request: Request, selection: Selection, backends: Backends) -> Needs:
    """Return what the core and every selected backend want, put together."""
    answers = [settings_needs(request), NEEDED_BY_ALL]
    for role, backend in selection.backends:
        answer = backends.ask("applbuild_needs", role, backend.name, request=request)
        answers += [answer] if answer is not None else []
    return Needs(
        packages=tuple(item for answer in answers for item in answer.packages),
        drivers=tuple(name for answer in answers for name in answer.drivers),
        arguments=tuple(word for answer in answers for word in answer.arguments),
        table=next((answer.table for answer in answers if answer.table), None),
        partitions=tuple(part for answer in answers for part in answer.partitions),
        problems=tuple(problem for answer in answers for problem in answer.problems),
    )


def bind_tree(plan: Plan) -> Tree:
    """Return an empty tree at SYSTEM: a folder for each volume, mounted where it belongs."""
    tree = make_tree(plan, SYSTEM, WORK)
    SYSTEM.mkdir(parents=True, exist_ok=True)
    for volume in plan.mounts:
        place = tree.path(str(volume.mount_point))
        place.mkdir(parents=True, exist_ok=True)
        kernel.bind(str(tree.folder(volume)), str(place), is_writable=True)
    return tree


def populate(plan: Plan, tree: Tree, backends: Backends, run: Run, progress: Progress) -> Tree:
    """Return *tree* with the plan's software installed."""
    payload = plan.selection.payload
    filled: Tree = backends.call(
        "applbuild_populate",
        "payload",
        payload.name,
        plan=plan,
        tree=tree,
        options=backends.options("payload", payload),
        cache=CACHE / payload.name,
        run=run,
        progress=progress,
    )
    return filled


def make_boot_files(plan: Plan, secrets: Secrets, tree: Tree, backends: Backends, run: Run) -> Boot:
    """Return what the boot loader put into *tree*; nothing where the kickstart wants none."""
    asked = plan.selection.bootloader
    if asked is None:
        return Boot()
    boot: Boot = backends.call(
        "applbuild_boot_files",
        "bootloader",
        asked.name,
        plan=plan,
        tree=tree,
        options=backends.options("bootloader", asked),
        password_hash=secrets.boot_hash,
        run=run,
    )
    return boot


def make_initramfs(plan: Plan, tree: Tree, backends: Backends, run: Run) -> Tree:
    """Return *tree* with an initramfs for each kernel."""
    payload = plan.selection.payload
    made: Tree = backends.call(
        "applbuild_make_initramfs",
        "payload",
        payload.name,
        plan=plan,
        tree=tree,
        options=backends.options("payload", payload),
        run=run,
    )
    return made


def what_starts(plan: Plan, tree: Tree) -> tuple[tuple[Kernel, ...], tuple[str, ...]]:
    """Return the kernels of *tree*, and what they are started with."""
    return kernels(tree), command_line(plan, tree)


def refresh_boot_files(
    before: tuple[tuple[Kernel, ...], tuple[str, ...]],
    boot: Boot,
    plan: Plan,
    secrets: Secrets,
    tree: Tree,
    backends: Backends,
    run: Run,
    progress: Progress,
) -> Boot:
    """Return what the boot loader has after the scripts: written anew if what starts changed."""
    now = what_starts(plan, tree)
    if plan.selection.bootloader is not None and not now[0]:
        progress.remark(
            "no kernel is installed: this image will not start (with `bootloader --disabled`, "
            "none is expected)",
            is_warning=True,
        )
    return boot if now == before else make_boot_files(plan, secrets, tree, backends, run)


def make_disks(
    plan: Plan, tree: Tree, backends: Backends, run: Run, progress: Progress
) -> tuple[RawDisk, ...]:
    """Return the disks with table, filesystems and boot code."""
    made = []
    for disk in plan.disks:
        raw = raw_disks.create(disk, WORK)
        table = plan.selection.partition
        raw = backends.call(
            "applbuild_write_table",
            "partition",
            table.name,
            disk=raw,
            options=backends.options("partition", table),
            run=run,
        )
        for volume in (volume for volume in plan.volumes if volume.disk == disk.name):
            _make_filesystem(volume, raw, plan, tree, backends, run, progress)
        made.append(raw)
    loader = plan.selection.bootloader
    if loader is None or not plan.boot.has_boot_code:
        return tuple(made)
    finished: tuple[RawDisk, ...] = backends.call(
        "applbuild_install_boot_code",
        "bootloader",
        loader.name,
        plan=plan,
        disks=tuple(made),
        tree=tree,
        options=backends.options("bootloader", loader),
        run=run,
    )
    return finished


def _make_filesystem(
    volume: Volume,
    raw: RawDisk,
    plan: Plan,
    tree: Tree,
    backends: Backends,
    run: Run,
    progress: Progress,
) -> None:
    backends.call(
        "applbuild_make_filesystem",
        "filesystem",
        volume.filesystem,
        volume=volume,
        tree=tree,
        target=Target(
            path=raw.path, offset_bytes=volume.offset_bytes, size_bytes=volume.size_bytes
        ),
        plan=plan,
        run=run,
        progress=progress,
    )


def convert(
    plan: Plan, disks: tuple[RawDisk, ...], backends: Backends, run: Run, progress: Progress
) -> tuple[Artifact, ...]:
    """Return every disk in every format."""
    artifacts = []
    for asked in plan.selection.formats:
        with progress.stage(str(asked)) as within:
            for disk in disks:
                artifact = backends.call(
                    "applbuild_convert",
                    "format",
                    asked.name,
                    disk=disk,
                    output=Output(
                        format=asked.name,
                        options=backends.options("format", asked),
                        name=f"{plan.name}-{disk.disk.name}",
                        seed=plan.seed,
                    ),
                    directory=OUTPUT,
                    run=run,
                    progress=within,
                )
                artifacts.append(artifact)
    return tuple(artifacts)


def assemble(plan: Plan, artifacts: tuple[Artifact, ...], boot: Boot) -> Appliance:
    """Return the appliance: the machine that *artifacts* are for, the disk that boots first."""
    disks = sorted(plan.disks, key=lambda disk: disk.name != plan.boot_disk)
    machine = Machine(
        architecture=plan.architecture,
        vcpus=plan.vcpus,
        memory_bytes=plan.memory_bytes,
        firmware=plan.firmware,
        disks=tuple(
            MachineDisk(
                name=disk.name, size_bytes=disk.size_bytes, is_boot=disk.name == plan.boot_disk
            )
            for disk in disks
        ),
        nics=plan.nics,
    )
    return Appliance(
        name=plan.name,
        machine=machine,
        artifacts=artifacts,
        described=plan.selection.formats[0].name,
        boot=boot,
    )


def describe(plan: Plan, appliance: Appliance, backends: Backends) -> tuple[Document, ...]:
    """Return the documents of every descriptor; each may name the format it describes."""
    documents: list[Document] = []
    for asked in plan.selection.descriptors:
        pairs = dict(asked.options)
        described = pairs.pop("format", appliance.described)
        rest = attrs.evolve(asked, options=tuple(pairs.items()))
        documents += backends.call(
            "applbuild_describe",
            "descriptor",
            asked.name,
            appliance=attrs.evolve(appliance, described=described),
            options=backends.options("descriptor", rest),
        )
    return tuple(documents)


def tool_versions(plan: Plan, backends: Backends, run: Run) -> tuple[tuple[str, str], ...]:
    """Return the host's tools that took part, each with the first line it says of itself."""
    versions = {}
    for tool in sorted(selected_tools(plan.selection, backends), key=lambda tool: tool.command):
        command = run.find(*tool.commands)
        said = run([command, tool.version_option], is_checked=False)
        lines = (said.stdout.strip() or said.stderr.strip()).splitlines()
        versions[Path(command).name] = lines[0] if lines else ""
    return tuple(versions.items())


def selected_tools(selection: Selection, backends: Backends) -> tuple[Tool, ...]:
    """Return the host's tools that the selected backends run."""
    infos = (backends.info(role, asked.name) for role, asked in selection.backends)
    return tuple(dict.fromkeys(tool for info in infos for tool in info.tools))
