"""The scripts of a kickstart, run where each belongs: in the installed system, or in the room."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from applbuild.errors import ApplbuildError, KickstartError, ToolError
from applbuild.model.plan import Plan
from applbuild.model.request import Script
from applbuild.model.result import Boot, Tree
from applbuild.progress import Progress
from applbuild.room import CACHE, OUTPUT, PROC, WORK
from applbuild.run import Run

_IN_GUEST = "/tmp/ks-script"  # noqa: S108 - of a private /tmp
# What is the build's own: a script that clears away too much must not reach it.
_HIDE = f"""
for folder in {CACHE} {OUTPUT}; do
    [ ! -d $folder ] || mount -t tmpfs -o ro,size=4k none $folder || exit
done
for file in {PROC}/*; do
    [ ! -f $file ] || mount --bind $file /proc/${{file##*/}} || exit
done
exec "$@"
"""


def run_pre_install(plan: Plan, tree: Tree, run: Run, progress: Progress) -> Tree:
    """Return *tree*, mounted and empty, after the %pre-install scripts, in their order.

    Raises:
        KickstartError: one with --erroronfail failed.
    """
    for script in _of("pre-install", plan):
        _run(script, progress, _outside(script, plan, tree, run, progress.printed))
    return tree


def run_post(plan: Plan, tree: Tree, boot: Boot, run: Run, progress: Progress) -> Tree:
    """Return *tree* after the %post scripts, in their order.

    Raises:
        KickstartError: one with --erroronfail failed.
    """
    for script in _of("post", plan):
        if script.is_in_guest:
            _run(script, progress, _inside(script, plan, tree, boot, run, progress.printed))
        else:
            _run(script, progress, _outside(script, plan, tree, run, progress.printed))
    return tree


def run_on_error(plan: Plan, tree: Tree, run: Run, progress: Progress) -> None:
    """Run the %onerror scripts: the build has failed, and *tree* is as far as it got.

    What they print is told, since nothing else of them stays. That one fails is
    told, too, and changes nothing.
    """
    for script in _of("onerror", plan):
        try:
            _run(script, progress, _outside(script, plan, tree, run, progress.remark))
        except ApplbuildError as error:
            progress.remark(str(error), is_warning=True)


def run_outside(
    script: Script,
    run: Run,
    on_line: Callable[[str], None],
    *,
    environment: Mapping[str, str],
    has_network: bool,
) -> None:
    """Run *script* in the build's room; its log is written there, too.

    Raises:
        ToolError: it did not end in 0.
        OSError: the log cannot be written.
    """
    file = WORK / "ks-script"
    file.write_text(script.body, encoding="utf-8")
    file.chmod(0o700)
    # What it leaves running ends with it, before the tree becomes disks.
    alone = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    alone += [] if has_network else ["--net"]
    alone += ["sh", "-c", _HIDE, "sh"]
    printed: list[str] = []
    try:
        run(
            [*alone, *script.interpreter.split(), file],
            environment=environment,
            directory=Path("/"),
            on_line=_both(printed.append, on_line),
            in_one=True,
        )
    finally:
        file.unlink()
        if script.log is not None:
            _write_log(Path("/", script.log), printed)


def describe_failure(script: Script, error: ToolError) -> str:
    """Return how *script* failed, for people."""
    is_post_outside = script.section == "post" and not script.is_in_guest
    name = f"%{script.section}{' --nochroot' if is_post_outside else ''}"
    return f"{name} ended in {error.returncode}: {error.tail}"


def _of(section: str, plan: Plan) -> tuple[Script, ...]:
    return tuple(script for script in plan.scripts if script.section == section)


def _run(script: Script, progress: Progress, start: Callable[[], None]) -> None:
    try:
        start()
    except ToolError as error:
        message = describe_failure(script, error)
        if script.is_fatal:
            raise KickstartError(message, place=script.place) from None
        progress.remark(f"{script.place}: {message}", is_warning=True)
    except OSError as error:
        message = f"{script.place}: the log {script.log} cannot be written: {error.strerror}"
        progress.remark(message, is_warning=True)


def _outside(
    script: Script, plan: Plan, tree: Tree, run: Run, on_line: Callable[[str], None]
) -> Callable[[], None]:
    # Both names that Anaconda has had for it.
    root = {"INSTALL_ROOT": str(tree.root), "ANA_INSTALL_PATH": str(tree.root)}

    def start() -> None:
        run_outside(script, run, on_line, environment=root, has_network=plan.has_script_network)

    return start


def _inside(
    script: Script,
    plan: Plan,
    tree: Tree,
    boot: Boot,
    run: Run,
    on_line: Callable[[str], None],
) -> Callable[[], None]:
    printed: list[str] = []

    def start() -> None:
        try:
            run.guest(
                tree,
                [*script.interpreter.split(), _IN_GUEST],
                files=((_IN_GUEST, script.body),),
                stand_ins=boot.stand_ins,
                has_network=plan.has_script_network,
                on_line=_both(printed.append, on_line),
                in_one=True,
            )
        finally:
            if script.log is not None:
                _write_log(tree.path(script.log), printed)

    return start


def _both(first: Callable[[str], None], second: Callable[[str], None]) -> Callable[[str], None]:
    def tell(line: str) -> None:
        first(line)
        second(line)

    return tell


def _write_log(path: Path, lines: list[str]) -> None:
    """Write *lines* to *path*; scripts may print what not everybody should read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
