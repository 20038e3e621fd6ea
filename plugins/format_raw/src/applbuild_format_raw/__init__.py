"""Raw images: the disk as it is, holes staying holes."""

from __future__ import annotations

from pathlib import Path

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


@hookimpl
def applbuild_info() -> BackendInfo:
    """Return what this backend is."""
    return BackendInfo(summary="raw disk image, sparse", api=1, extension="raw")


@hookimpl
def applbuild_convert(
    disk: RawDisk, output: Output, directory: Path, progress: Progress
) -> Artifact:
    """Copy *disk* into *directory*; return the file."""
    return write_image(disk, output, directory, progress, extension="raw", write=write_raw)


def write_raw(disk: OpenDisk, image: Image) -> None:
    """Append *disk* to the empty *image*, byte for byte."""
    for start, end in disk.extents():
        image.skip(start - image.position)
        image.copy(disk, start, end)
    image.skip(disk.size_bytes - image.position)
