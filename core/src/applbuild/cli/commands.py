"""What can be typed: build (when nothing else is named), plan, check, plugins and clean."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from applbuild import __version__
from applbuild.cli import arguments

_Command = TypeVar("_Command", bound=Callable[..., Any])


class _DefaultToBuild(click.Group):
    """A group whose `build` need not be typed."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        known = {*self.commands, "--help", "--version"}
        is_completing_a_first_word = context.resilient_parsing and not args
        if not is_completing_a_first_word and (not args or args[0] not in known):
            args = ["build", *args]
        return super().parse_args(context, args)

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Complete the options and the kickstart of `build` too, as it need not be typed."""
        return [
            *super().shell_complete(ctx, incomplete),
            *build.shell_complete(ctx, incomplete),
            click.shell_completion.CompletionItem(incomplete, type="file"),
        ]


def _of_request(command: _Command) -> _Command:
    """Add the options that say what is asked for: those of build, plan and check."""
    for decorate in reversed(arguments.REQUEST):
        command = decorate(command)
    return command


@click.group(cls=_DefaultToBuild, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="applbuild")
def applbuild() -> None:
    """Build bootable virtual machine disks from a kickstart, as an ordinary user.

    `applbuild web.ks --format vmdk --descriptor virt-image` is short for
    `applbuild build web.ks ...`; `applbuild build --help` lists all options.
    """


@applbuild.command()
@_of_request
@click.option(
    "--output", type=click.Path(path_type=Path), help="Folder of the result.  [default: ./NAME]"
)
@click.option(
    "--progress",
    "style",
    type=click.Choice(["auto", "json", "quiet"]),
    default="auto",
    help="auto: live on a terminal, else only what must be said; json: a line for each event.",
)
@click.option("--verbose", is_flag=True, help="Show what scripts and tools print.")
def build(output: Path | None, style: str, verbose: bool, **asked: Any) -> None:
    """Build an appliance from KICKSTART (the only *.ks of this folder, if none is named)."""
    from applbuild import pipeline
    from applbuild.cli import screen
    from applbuild.cli.prepare import prepare
    from applbuild.model.problem import Severity
    from applbuild.progress import Remark

    with screen.watching(style, is_verbose=verbose) as watcher:
        prepared = prepare(asked, watcher.send, runs_pre=True)
        for problem in prepared.problems:
            watcher.send(Remark(str(problem), is_warning=problem.severity is Severity.WARNING))
        target = output if output is not None else Path(prepared.order.request.name)
        plan, appliance = pipeline.build(prepared.order, target.absolute(), watcher.send)
    if style == "auto":
        screen.show_result(target, plan, appliance, watcher.seconds)


@applbuild.command()
@_of_request
@click.option("--json", "is_json", is_flag=True, help="Print the whole plan as JSON.")
@click.option("--run-pre", is_flag=True, help="Run the %pre scripts, as a build does.")
def plan(is_json: bool, run_pre: bool, **asked: Any) -> None:
    """Show what a build would make, with what was added and why; nothing is built."""
    from applbuild import pipeline
    from applbuild.cli import screen
    from applbuild.cli.prepare import prepare
    from applbuild.json_form import to_json
    from applbuild.model.problem import Severity
    from applbuild.progress import Remark

    with screen.watching("auto", is_verbose=False) as watcher:
        prepared = prepare(asked, watcher.send, runs_pre=run_pre)
        for problem in prepared.problems:
            watcher.send(Remark(str(problem), is_warning=problem.severity is Severity.WARNING))
        decided = pipeline.decide(prepared.order, watcher.send, is_fetched=False)
    if is_json:
        click.echo(json.dumps(to_json(decided), indent=2, ensure_ascii=False))
    else:
        screen.show_plan(decided)


@applbuild.command()
@_of_request
@click.option("--json", "is_json", is_flag=True, help="Print a JSON list.")
def check(is_json: bool, **asked: Any) -> None:
    """Say, line by line, what is wrong with KICKSTART and what will not be in the image."""
    from applbuild.cli import screen
    from applbuild.cli.prepare import examine

    screen.show_check(examine(asked), is_json=is_json)


@applbuild.command()
@click.option("--json", "is_json", is_flag=True, help="Print a JSON list.")
def plugins(is_json: bool) -> None:
    """List the installed backends: role, name, distribution, version, summary."""
    from applbuild.backends import installed
    from applbuild.cli import screen

    screen.show_plugins(installed(), is_json=is_json)


@applbuild.command()
@click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=Path()
)
@arguments.WORKDIR
@arguments.CACHE
@click.option("--packages", is_flag=True, help="Also forget the packages that are kept.")
def clean(folder: Path, workdir: Path, cache: Path, packages: bool) -> None:
    """Remove what killed builds left in FOLDER (the current one) and in the work folder."""
    from applbuild.staging import remove_cache, remove_stale_output, remove_stale_work

    removed = [*remove_stale_output(folder.absolute()), *remove_stale_work(workdir)]
    removed += remove_cache(cache) if packages else ()
    for path in removed:
        click.echo(f"removed {path}")
    if not removed and sys.stderr.isatty():
        click.echo(f"nothing to remove in {os.fspath(folder.absolute())} and {workdir}", err=True)
