"""qcow2 images for QEMU, written natively: plain, or compressed by every core."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Literal, cast

import attrs

from applbuild import (
    Artifact,
    BackendInfo,
    Claim,
    Output,
    Progress,
    RawDisk,
    hookimpl,
    parse_size,
    write_image,
)
from applbuild_format_qcow2 import compressors, tables
from applbuild_format_qcow2.compressed import write_compressed
from applbuild_format_qcow2.plain import write_plain


@attrs.frozen(kw_only=True)
class Options:
    """What can be said after `--format qcow2`."""

    compression: Literal["zlib", "zstd", "none"] = "zlib"
    """zlib is read everywhere; zstd by QEMU since 5.1, faster; none is for disks in use."""
    level: compressors.Level = "balanced"
    """How much time compression takes for how small a file."""
    cluster_size: Literal["64K", "128K", "256K", "512K", "1M", "2M"] = "64K"
    """The unit of allocation and compression; larger ones are smaller files, slower to read."""


@hookimpl
def applbuild_info() -> BackendInfo:
    """Return what this backend is."""
    return BackendInfo(
        summary="QEMU disk image, compressed unless told otherwise",
        api=1,
        options=Options,
        extension="qcow2",
    )


@hookimpl
def applbuild_claim() -> Claim:
    """What is written where no format is named: small, and read by every free hypervisor."""
    return Claim.WEAK


@hookimpl
def applbuild_convert(
    disk: RawDisk, output: Output, directory: Path, progress: Progress
) -> Artifact:
    """Write *disk* into *directory* as a qcow2 image, version 3; return the file."""
    options = cast("Options", output.options)  # the core fills in this backend's own class
    geometry = tables.Geometry(
        size_bytes=disk.disk.size_bytes, cluster_bytes=parse_size(options.cluster_size)
    )
    write = {
        "none": partial(write_plain, geometry=geometry),
        "zlib": partial(
            write_compressed,
            geometry=geometry,
            compression=tables.ZLIB,
            compress=compressors.zlib(options.level),
        ),
        "zstd": partial(
            write_compressed,
            geometry=geometry,
            compression=tables.ZSTD,
            compress=compressors.zstd(options.level),
        ),
    }[options.compression]
    return write_image(
        disk,
        output,
        directory,
        progress,
        extension="qcow2",
        variant="" if options.compression == "none" else options.compression,
        write=write,
    )
