"""The story of a build: a kickstart's Request goes in, a folder with an appliance comes out.

Everything is decided in `decide`, which does nothing to the world but fetch
packages; then `make` does it, in the build's room.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs

from applbuild import namespace, scripts, steps
from applbuild.backends import Backends
from applbuild.configure import configure
from applbuild.configure.identity import seal
from applbuild.host import free_memory_bytes
from applbuild.labels import label
from applbuild.layout import lay_out
from applbuild.manifest import write_documents
from applbuild.model.plan import Needs, Plan, Resolution, Selection
from applbuild.model.request import Request
from applbuild.model.result import Appliance, Tree
from applbuild.model.settings import Secrets
from applbuild.options import paths
from applbuild.progress import Event, Progress
from applbuild.room import CACHE, OUTPUT, Bind, Room
from applbuild.run import Run, built_environment
from applbuild.staging import make_cache, staged_output, work_folder
from applbuild.units import MIB

Send = Callable[[Event], None]


@attrs.frozen(kw_only=True)
class Order:
    """A build that was asked for and checked."""

    request: Request
    secrets: Secrets
    selection: Selection
    cache: Path
    work: Path
    epoch_seconds: int | None = None
    files: tuple[tuple[str, bytes], ...] = ()
    """What %pre left in /tmp, for scripts that look for it there."""


def build(order: Order, output: Path, send: Send) -> tuple[Plan, Appliance]:
    """Build the appliance into *output*, all of it or nothing; return what was decided and made."""
    with staged_output(output) as staging:
        plan = decide(order, send, is_fetched=True)
        needed = _work_bytes(plan)
        with work_folder(order.work, needed, free_memory_bytes()) as work:
            room = Room(
                binds=(
                    *_shared(order),
                    Bind(staging, OUTPUT, is_writable=True),
                ),
                work=work,
                work_bytes=free_memory_bytes() // 2,
            )
            appliance = namespace.call(
                make, plan, order.secrets, order.files, room=room, on_event=send
            )
    return plan, appliance


def decide(order: Order, send: Send, *, is_fetched: bool) -> Plan:
    """Return the plan of *order*; its packages are resolved, and with *is_fetched* downloaded."""
    backends = Backends()
    needs = steps.gather_needs(order.request, order.selection, backends)
    resolution = namespace.call(
        resolve,
        order.request,
        needs,
        order.selection,
        is_fetched,
        room=Room(binds=_shared(order), work_bytes=512 * MIB),
        on_event=send,
    )
    return lay_out(
        order.request,
        needs,
        resolution,
        order.selection,
        identifier_bits={
            name: backends.info("filesystem", name).identifier_bits
            for name in order.selection.filesystems
        },
        epoch_seconds=order.epoch_seconds,
    )


def resolve(
    send: Send, request: Request, needs: Needs, selection: Selection, is_fetched: bool
) -> Resolution:
    """Return the exact software of *request*; called in a room."""
    backends, run, progress = Backends(), Run(environment=built_environment()), Progress(send)
    payload = selection.payload
    options, cache = backends.options("payload", payload), CACHE / payload.name
    cache.mkdir(parents=True, exist_ok=True)
    common = {"options": options, "cache": cache, "run": run}
    with progress.stage("resolve") as within:
        resolution: Resolution = backends.call(
            "applbuild_resolve",
            "payload",
            payload.name,
            request=request,
            needs=needs,
            progress=within,
            **common,
        )
    if is_fetched:
        with progress.stage("download") as within:
            resolution = backends.call(
                "applbuild_fetch",
                "payload",
                payload.name,
                request=request,
                resolution=resolution,
                progress=within,
                **common,
            )
    return resolution


def make(
    send: Send, plan: Plan, secrets: Secrets, files: tuple[tuple[str, bytes], ...] = ()
) -> Appliance:
    """Make what *plan* decided and return it; called in a room.

    When that fails, the %onerror scripts run before the room is gone.
    """
    progress, run = Progress(send), Run(environment=built_environment(plan.epoch_seconds))
    for path, content in files:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(content)
    tree = steps.bind_tree(plan)
    try:
        return _make(plan, secrets, tree, run, progress)
    except Exception:
        scripts.run_on_error(plan, tree, run, progress)
        raise


def _make(plan: Plan, secrets: Secrets, tree: Tree, run: Run, progress: Progress) -> Appliance:
    backends = Backends()
    with progress.stage("install") as within:
        tree = scripts.run_pre_install(plan, tree, run, within)
        tree = steps.populate(plan, tree, backends, run, within)
    with progress.stage("configure") as within:
        tree = configure(plan, secrets, tree, run, within)
    with progress.stage("initramfs"):
        tree = steps.make_initramfs(plan, tree, backends, run)
    with progress.stage("boot loader"):
        boot = steps.make_boot_files(plan, secrets, tree, backends, run)
        known = steps.what_starts(plan, tree)
    with progress.stage("scripts") as within:
        tree = scripts.run_post(plan, tree, boot, run, within)
        boot = steps.refresh_boot_files(known, boot, plan, secrets, tree, backends, run, within)
        tree = seal(tree)
    with progress.stage("disks") as within:
        tree = label(plan, tree, backends, run, within)
        disks = steps.make_disks(plan, tree, backends, run, within)
    artifacts = steps.convert(plan, disks, backends, run, progress)
    appliance = steps.assemble(plan, artifacts, boot)
    documents = steps.describe(plan, appliance, backends)
    write_documents(OUTPUT, plan, appliance, documents, steps.tool_versions(plan, backends, run))
    return appliance


def _work_bytes(plan: Plan) -> int:
    """Return how much the work folder may have to hold: the tree, and the disks made from it."""
    return plan.resolution.installed_bytes * 5 // 2 + 512 * MIB


def _shared(order: Order) -> tuple[Bind, ...]:
    """Return what every room of a build sees of the host: the cache, and files it is made from."""
    make_cache(order.cache)
    backends = Backends()
    named = [
        *(path for source in order.request.sources for path in source.local_paths),
        *(
            path
            for role, asked in order.selection.backends
            for path in paths(backends.options(role, asked))
        ),
    ]
    return (
        Bind(order.cache, CACHE, is_writable=True),
        *(Bind(path, path) for path in dict.fromkeys(named) if path.exists()),
    )
