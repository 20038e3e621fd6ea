"""The installed system's own tools, asked on behalf of a line of the kickstart."""

from __future__ import annotations

from collections.abc import Sequence

from applbuild.errors import KickstartError, ToolError
from applbuild.model.problem import Place
from applbuild.model.result import Tree
from applbuild.run import Run


def ask(tree: Tree, run: Run, argv: Sequence[str], said: str, place: Place | None) -> None:
    """Run *argv* in the system, because the kickstart *said* something at *place*.

    Raises:
        KickstartError: the tool refused, with its own words.
    """
    try:
        run.guest(tree, argv)
    except ToolError as error:
        message = f"{said}: {argv[0]} of the installed system says: {error.tail}"
        raise KickstartError(message, place=place) from error
