"""Swap space: a header, and nothing else."""

from __future__ import annotations

import struct
import uuid

from applbuild import BackendInfo, Made, Target, Volume, hookimpl

_PAGE_BYTES = 4096
# Linux include/linux/swap.h, union swap_header: 1024 bytes for boot code, then version,
# last_page, nr_badpages, the UUID and the volume name; the magic ends the first page.
_HEADER = struct.Struct("<III16s16s")
_HEADER_OFFSET = 1024
_LABEL_BYTES = 15  # swaplabel(8): sixteen, of which the last ends it
_MAGIC = b"SWAPSPACE2"


@hookimpl
def applbuild_info() -> BackendInfo:
    """Return what this backend is."""
    return BackendInfo(summary="swap space", api=1, label_bytes=_LABEL_BYTES)


@hookimpl
def applbuild_make_filesystem(volume: Volume, target: Target) -> Made:
    """Write the swap header of *volume* at *target*; nothing else of it is touched."""
    page = bytearray(_PAGE_BYTES)
    last_page = target.size_bytes // _PAGE_BYTES - 1
    identifier = uuid.UUID(volume.identifier).bytes
    label = (volume.label or "").encode()
    _HEADER.pack_into(page, _HEADER_OFFSET, 1, last_page, 0, identifier, label)
    page[-len(_MAGIC) :] = _MAGIC
    with target.path.open("r+b") as file:
        file.seek(target.offset_bytes)
        file.write(page)
    return Made(volume=volume, used_bytes=_PAGE_BYTES)
