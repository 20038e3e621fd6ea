"""VMDK images for VMware and VirtualBox, written natively: growing, or compressed for delivery."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal, cast

import attrs
import deflate

from applbuild import (
    Artifact,
    BackendInfo,
    Image,
    OpenDisk,
    Output,
    Progress,
    RawDisk,
    hookimpl,
    write_image,
)
from applbuild_format_vmdk.descriptor import AdapterType, Description, descriptor
from applbuild_format_vmdk.extent import Extent
from applbuild_format_vmdk.sparse import write_sparse
from applbuild_format_vmdk.stream import write_stream

Level = Literal["fast", "balanced", "small"]

# libdeflate's; docs/formats.md has the figures they were chosen by.
_LEVELS: dict[Level, int] = {"fast": 1, "balanced": 5, "small": 8}


@attrs.frozen(kw_only=True)
class Options:
    """What can be said after `--format vmdk`."""

    subformat: Literal["monolithicSparse", "streamOptimized"] = "monolithicSparse"
    """streamOptimized is compressed, for OVF and vSphere; monolithicSparse runs where it lies."""
    level: Level = "balanced"
    """Of streamOptimized: how much time compression takes for how small a file."""
    adapter_type: AdapterType = "lsilogic"
    """Of the virtual controller; paravirtual ones are named in the machine's description only."""
    hwversion: int = 14
    """The oldest virtual hardware that is to run it: 14 is ESXi 6.7 and Workstation 14."""
    toolsversion: int = 2147483647
    """Of VMware's tools in the guest; this value stands for those of its distribution."""


@hookimpl
def applbuild_info() -> BackendInfo:
    """Return what this backend is."""
    return BackendInfo(
        summary="VMware disk image, growing or stream-optimized",
        api=1,
        options=Options,
        extension="vmdk",
    )


@hookimpl
def applbuild_convert(
    disk: RawDisk, output: Output, directory: Path, progress: Progress
) -> Artifact:
    """Write *disk* into *directory* as a VMDK of one file; return it.

    Raises:
        UsageError: it would be larger than 2 TiB.
    """
    options = cast("Options", output.options)  # the core fills in this backend's own class
    extent = Extent(size_bytes=disk.disk.size_bytes)
    text = descriptor(
        extent,
        Description(
            subformat=options.subformat,
            file_name=f"{output.name}.vmdk",
            adapter_type=options.adapter_type,
            hwversion=options.hwversion,
            tools_version=options.toolsversion,
            seed=f"{output.seed}/{disk.disk.name}",
        ),
    )

    write: Callable[[OpenDisk, Image], None] = {
        "monolithicSparse": partial(write_sparse, extent=extent, descriptor=text),
        "streamOptimized": partial(
            write_stream,
            extent=extent,
            descriptor=text,
            compress=partial(deflate.zlib_compress, compresslevel=_LEVELS[options.level]),
        ),
    }[options.subformat]
    return write_image(
        disk,
        output,
        directory,
        progress,
        extension="vmdk",
        variant=options.subformat,
        write=write,
    )
