"""Configuration that consists of lines `NAME=value`."""

from __future__ import annotations

from collections.abc import Mapping

from applbuild.model.result import Tree
from applbuild.tree import write_file


def assign(tree: Tree, path: str, values: Mapping[str, str]) -> None:
    """Set *values* in the file at *path*, and leave what else it says as it is.

    A file that is not there is made. Values are written as they are: with quotes,
    where the file's readers want them.
    """
    file = tree.path(path)
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    kept = [line for line in lines if line.partition("=")[0].strip() not in values]
    kept += [f"{name}={value}" for name, value in values.items()]
    write_file(tree, path, "\n".join(kept) + "\n")
