"""What people and machines see."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import click

from applbuild.backends import EXTENSION, Backends, Installed
from applbuild.cli.prepare import Examined
from applbuild.errors import BackendError
from applbuild.model.plan import Plan
from applbuild.model.problem import Problem
from applbuild.model.result import Appliance
from applbuild.progress import Advanced, Event, Printed, Remark, StageBegun, StageDone, as_record
from applbuild.units import format_size


class Watcher:
    """Shows events as they come, and keeps how long each stage took."""

    def __init__(self, *, is_verbose: bool) -> None:
        self.seconds: dict[str, float] = {}
        self._is_verbose = is_verbose

    def send(self, event: Event) -> None:
        """Show *event*."""
        if isinstance(event, StageDone):
            self.seconds[event.stage] = event.seconds
        elif isinstance(event, Remark):
            self.say(f"{'warning: ' if event.is_warning else ''}{event.message}")
        elif isinstance(event, Printed) and self._is_verbose:
            self.say(f"  {event.line}")

    def say(self, text: str) -> None:
        """Print a line for a person."""
        click.echo(text, err=True)


class _Quiet(Watcher):
    def send(self, event: Event) -> None:
        if not isinstance(event, Remark) or event.is_warning:
            super().send(event)


class _Json(Watcher):
    def send(self, event: Event) -> None:
        click.echo(json.dumps(as_record(event), ensure_ascii=False), err=True)


class _Live(Watcher):
    """A line for each stage, with a bar where it knows how far it is."""

    def __init__(self, *, is_verbose: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        super().__init__(is_verbose=is_verbose)
        self.console = Console(stderr=True)
        self.bars = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[amount]}"),
            TimeElapsedColumn(),
            console=self.console,
        )
        self._tasks: dict[str, Any] = {}

    def send(self, event: Event) -> None:
        super().send(event)
        if isinstance(event, StageBegun):
            self._tasks[event.stage] = self.bars.add_task(event.stage, total=None, amount="")
        elif isinstance(event, Advanced) and event.stage in self._tasks:
            self.bars.update(
                self._tasks[event.stage],
                completed=event.done_bytes,
                total=event.total_bytes or None,
                amount=format_size(event.done_bytes),
            )
        elif isinstance(event, StageDone):
            self.bars.update(self._tasks[event.stage], total=1, completed=1)

    def say(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False)


@contextmanager
def watching(style: str, *, is_verbose: bool) -> Iterator[Watcher]:
    """Give the watcher for *style* (auto, json or quiet)."""
    if style == "json":
        yield _Json(is_verbose=is_verbose)
    elif style == "quiet":
        yield _Quiet(is_verbose=is_verbose)
    elif sys.stderr.isatty():
        live = _Live(is_verbose=is_verbose)
        with live.bars:
            yield live
    else:
        yield Watcher(is_verbose=is_verbose)


def _table(*columns: str) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in ("size", "time", "start") else "left")
    return table


def _print(*tables: Any) -> None:
    from rich.console import Console

    width = None if sys.stdout.isatty() else 160
    console = Console(width=width, highlight=False, markup=False, soft_wrap=False)
    for table in tables:
        console.print(table)


def show_result(target: Path, plan: Plan, appliance: Appliance, seconds: dict[str, float]) -> None:
    """Print what was built, and where the time went."""
    built = _table("file", "disk", "format", "holds", "size")
    for artifact in appliance.artifacts:
        built.add_row(
            str(target / artifact.path.name),
            artifact.disk,
            f"{artifact.format} {artifact.variant}".strip(),
            format_size(artifact.virtual_bytes),
            format_size(artifact.size_bytes),
        )
    spent = _table("stage", "time")
    for stage, took in seconds.items():
        spent.add_row(stage, f"{took:.1f} s")
    spent.add_row("together", f"{sum(seconds.values()):.1f} s")
    _print(built, spent)
    packages = len(plan.resolution.packages)
    click.echo(f"{plan.name}: {packages} packages, {_start(plan)}, in {target}")


def _start(plan: Plan) -> str:
    if plan.selection.bootloader is None:
        return "no boot loader"
    return f"boots from disk {plan.boot_disk}"


def show_plan(plan: Plan) -> None:
    """Print the plan as tables: disks and partitions, packages, what was added and why."""
    disks = _table("disk", "partition", "for", "filesystem", "start", "size", "identifier")
    volumes = {volume.name: volume for volume in plan.volumes}
    for disk in plan.disks:
        known = f" (--ondisk={disk.known_as})" if disk.known_as else ""
        disks.add_row(
            f"{disk.name}{known}", "", disk.table, "", "", format_size(disk.size_bytes),
            disk.identifier,
        )  # fmt: skip
        for part in disk.partitions:
            volume = volumes.get(f"{disk.name}/{part.number}")
            disks.add_row(
                "",
                str(part.number),
                part.title,
                volume.filesystem if volume else "",
                format_size(part.offset_bytes),
                format_size(part.size_bytes),
                volume.identifier if volume else "",
            )
    packages = _table("package", "version", "size", "why")
    for package in plan.resolution.packages:
        packages.add_row(
            package.name, package.version, format_size(package.installed_bytes), package.reason
        )
    tables = [disks, packages] if plan.resolution.packages else [disks]
    _print(*tables)
    click.echo(
        f"{plan.name}: {plan.firmware.value} firmware, {_start(plan)}; "
        f"{len(plan.resolution.packages)} packages, {format_size(plan.resolution.installed_bytes)}"
        f" installed, from {plan.resolution.summary}"
    )
    for note in plan.notes:
        click.echo(f"note: {note.message}")


def show_check(examined: Examined, *, is_json: bool) -> None:
    """Print the account of the kickstart, and what else stands in the way of a build."""
    from applbuild.kickstart.account import to_json, to_text

    if is_json:
        record = {**to_json(examined.account), "problems": list(map(_row, examined.problems))}
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
        return
    for line in to_text(examined.account):
        click.echo(line)
    for problem in examined.problems:
        click.echo(f"{problem.severity.value}: {problem}")


def _row(problem: Problem) -> dict[str, Any]:
    return {
        "severity": problem.severity.value,
        "file": problem.place.file if problem.place else None,
        "line": problem.place.line if problem.place else None,
        "message": problem.message,
        "hint": problem.hint,
    }


def show_plugins(found: tuple[Installed, ...], *, is_json: bool) -> None:
    """Print the installed backends; one that cannot be loaded says so in its summary."""
    backends = Backends(with_extensions=False)
    rows = []
    for item in found:
        summary = ""
        try:
            if item.role == EXTENSION:
                backends.load_extension(item.name)
            else:
                summary = backends.info(item.role, item.name).summary
        except BackendError as error:
            summary = f"broken: {error.message}"
        rows.append({**attrs.asdict(item), "summary": summary})
    if is_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    table = _table("role", "name", "distribution", "version", "summary")
    for row in rows:
        table.add_row(*(row[key] for key in ("role", "name", "distribution", "version", "summary")))
    _print(table)
