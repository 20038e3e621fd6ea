"""A format that is the raw disk under another name."""

from __future__ import annotations

import hashlib
import shutil
from typing import Literal

import attrs

from applbuild import Artifact, BackendInfo, hookimpl


@attrs.frozen(kw_only=True)
class Options:
    paint: Literal["red", "blue"] = "red"
    layers: int = 1


@hookimpl
def applbuild_info():
    return BackendInfo(summary="a copy", api=1, options=Options, extension="img")


@hookimpl
def applbuild_convert(disk, output, directory):
    path = directory / f"{output.name}.img"
    shutil.copyfile(disk.path, path)
    return Artifact(
        disk=disk.disk.name,
        format=output.format,
        variant=output.options.paint,
        path=path,
        size_bytes=path.stat().st_size,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        virtual_bytes=disk.disk.size_bytes,
    )
