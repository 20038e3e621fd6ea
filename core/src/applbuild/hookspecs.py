"""The contract: every function that a backend can provide, and what it must return.

A backend is a module of functions marked with `applbuild.hookimpl`, found by
entry point. An implementation takes only the arguments it names. Every hook
but `applbuild_claim`, `applbuild_check` and `applbuild_needs` must return a value,
never None: the core tells "nobody answered" from "the answer is nothing" that way.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

from applbuild.model.backend import BackendInfo, Claim, Host
from applbuild.model.plan import Needs, Plan, Resolution, Volume
from applbuild.model.problem import Problem
from applbuild.model.request import Request
from applbuild.model.result import (
    Appliance,
    Artifact,
    Boot,
    Document,
    Made,
    Output,
    RawDisk,
    Target,
    Tree,
)

if TYPE_CHECKING:
    from applbuild.progress import Progress
    from applbuild.run import Run

HOOK_API = 1
"""The version of this contract. Adding a hook, an argument or a field with a default keeps it."""

hookspec = pluggy.HookspecMarker("applbuild")
hookimpl = pluggy.HookimplMarker("applbuild")


@hookspec(firstresult=True)
def applbuild_info() -> BackendInfo | None:
    """Return what this backend is. Pure, and cheap: it is called before anything else."""


@hookspec(firstresult=True)
def applbuild_claim(request: Request, host: Host) -> Claim | None:
    """Return how much this backend wants *request*, for which the user named none of its role."""


@hookspec(firstresult=True)
def applbuild_check(request: Request, host: Host) -> tuple[Problem, ...] | None:
    """Return everything this backend finds wrong with *request* on *host*, all at once.

    Only for selected backends. Nothing is run, fetched or written.
    """


@hookspec(firstresult=True)
def applbuild_needs(request: Request) -> Needs | None:
    """Return what this backend wants of the others: packages, drivers, partitions. Pure."""


@hookspec(firstresult=True)
def applbuild_resolve(
    request: Request, needs: Needs, options: object, cache: Path, run: Run, progress: Progress
) -> Resolution | None:
    """Payload: return the exact software that *request* and *needs* come to.

    May fetch indexes into *cache*, a folder of this backend's own that is kept
    between builds. Signatures are verified.

    Raises:
        KickstartError: something named does not exist, with its place.
    """


@hookspec(firstresult=True)
def applbuild_fetch(
    request: Request,
    resolution: Resolution,
    options: object,
    cache: Path,
    run: Run,
    progress: Progress,
) -> Resolution | None:
    """Payload: bring the software into *cache*, verified; return *resolution* with its newest time.

    Logins that an archive asks for are in *request*; nothing may store them.

    The time may only depend on the software itself, so that a build on another
    day is the same.
    """


@hookspec(firstresult=True)
def applbuild_populate(
    plan: Plan, tree: Tree, options: object, cache: Path, run: Run, progress: Progress
) -> Tree | None:
    """Payload: install the plan's software into the empty *tree*; return the tree.

    Files have their final owners, modes and capabilities. No initramfs is made
    yet, nothing of the host is left behind, and two runs give the same bytes.
    """


@hookspec(firstresult=True)
def applbuild_make_initramfs(plan: Plan, tree: Tree, options: object, run: Run) -> Tree | None:
    """Payload: make an initramfs for each kernel of *tree* with the system's own tool.

    It must carry `plan.drivers`; a kernel update inside the guest must follow
    the same choice.
    """


@hookspec(firstresult=True)
def applbuild_boot_files(
    plan: Plan, tree: Tree, options: object, password_hash: str | None, run: Run
) -> Boot | None:
    """Bootloader: write its files and configuration into *tree*.

    Called before the %post scripts and again after them, when kernels may have
    come or gone. Root is named by UUID. Where there is a *password_hash* (PBKDF2,
    `grub.pbkdf2.sha512...`), nobody changes without the password what is started;
    starting it needs none.
    """


@hookspec(firstresult=True)
def applbuild_write_table(disk: RawDisk, options: object, run: Run) -> RawDisk | None:
    """Partition: write the table of `disk.disk` to the sparse file; nothing outside the table."""


@hookspec(firstresult=True)
def applbuild_make_filesystem(
    volume: Volume, tree: Tree, target: Target, plan: Plan, run: Run, progress: Progress
) -> Made | None:
    """Filesystem: make *volume* at *target*, filled from `tree.folder(volume)`.

    Only the target's bytes change. Times are not later than the plan's epoch.

    Raises:
        KickstartError: the content does not fit; it names the mount point, what
            it needs and what it has.
    """


@hookspec(firstresult=True)
def applbuild_install_boot_code(
    plan: Plan, disks: tuple[RawDisk, ...], tree: Tree, options: object, run: Run
) -> tuple[RawDisk, ...] | None:
    """Bootloader: write boot code to the disk that holds /boot; partition contents stay."""


@hookspec(firstresult=True)
def applbuild_convert(
    disk: RawDisk, output: Output, directory: Path, run: Run, progress: Progress
) -> Artifact | None:
    """Format: write *disk* into *directory* as `<output.name>.<extension>`; return the file.

    The source does not change, the result decodes to the same bytes, only data
    is read, and two runs give the same file. On failure no file stays.
    """


@hookspec(firstresult=True)
def applbuild_describe(appliance: Appliance, options: object) -> tuple[Document, ...] | None:
    """Descriptor: return the documents that deploy *appliance*. Pure."""
