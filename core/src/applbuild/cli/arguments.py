"""The options that several commands share, and how their words become values."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from applbuild.units import parse_size


class Size(click.ParamType[int]):
    """A size with its unit, in bytes."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the bytes of *value*."""
        if isinstance(value, int):
            return value
        try:
            return parse_size(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _default_cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base, "applbuild")


def _complete(role: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    def complete(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
        """Return the installed backends of the role; nothing of them is imported."""
        del context, parameter
        from importlib.metadata import entry_points

        names = {point.name for point in entry_points(group=f"applbuild.{role}")}
        return sorted(name for name in names if name.startswith(typed))

    return complete


def _backend(role: str, text: str, *, is_multiple: bool = False) -> Any:
    return click.option(
        f"--{role}",
        f"{role}s" if is_multiple else role,
        metavar="NAME[,KEY=VALUE...]",
        multiple=is_multiple,
        shell_complete=_complete(role),
        help=text,
    )


WORKDIR = click.option(
    "--workdir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("/var/tmp"),  # noqa: S108 - its folders are made with names nobody can guess
    show_default=True,
    help="Where to work if memory is too small.",
)
CACHE = click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    default=_default_cache,
    help="Where downloaded packages are kept.  [default: ~/.cache/applbuild]",
)

REQUEST = (
    click.argument(
        "kickstart", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
    ),
    click.option(
        "--disk",
        "disks",
        metavar="NAME=SIZE",
        multiple=True,
        help="An output disk and its size, e.g. os=5000MiB. Again for each disk.",
    ),
    _backend("format", "Disk image format. Again for each one.", is_multiple=True),
    _backend("descriptor", "Document that deploys the appliance.", is_multiple=True),
    click.option(
        "--memory", type=Size(), default="1GiB", show_default=True, help="Of the machine."
    ),
    click.option(
        "--vcpus", type=click.IntRange(1), default=1, show_default=True, help="Of the machine."
    ),
    click.option(
        "--firmware",
        type=click.Choice(["bios", "uefi", "both"]),
        help="What starts the machine.  [default: both with a GPT, bios without]",
    ),
    click.option("--name", help="Of the appliance and its files.  [default: the kickstart's]"),
    click.option("--seed", help="Text to derive all identifiers from, in place of the kickstart."),
    _backend("payload", "What installs the system.  [default: what fits the kickstart]"),
    _backend("partition", "What writes partition tables."),
    _backend("bootloader", "What starts the system."),
    click.option("--script-network", is_flag=True, help="Let scripts use the network."),
    click.option("--strict", is_flag=True, help="Refuse a kickstart that needs repairs."),
    WORKDIR,
    CACHE,
)
