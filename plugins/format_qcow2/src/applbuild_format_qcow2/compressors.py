"""Which compressor serves which level. All of them let other threads run while they work.

Chosen for speed at a size (docs/formats.md has the figures), and for sameness:
each gives the same bytes on every x86-64 processor since 2008 (SSE 4.2). ISA-L's
level 3 does not (it works in vectors as wide as the processor has), so it is not used.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Literal

import zstandard
from isal import isal_zlib
from zlib_ng import zlib_ng

Compress = Callable[[memoryview], bytes]
Level = Literal["fast", "balanced", "small"]

# Negative: deflate without a zlib header. QEMU's reader and writer have a window of 4 KiB
# (block/qcow2-threads.c, qcow2_zlib_decompress: inflateInit2(-12)); readers that inflate
# in parts fail on anything that reaches further back.
_WINDOW_BITS = -12
_ZSTD_LEVELS: dict[Level, int] = {"fast": 1, "balanced": 3, "small": 9}


def zlib(level: Level) -> Compress:
    """Return what makes compressed clusters of type 0 (RFC 1951, window of 4 KiB)."""
    if level == "fast":
        return partial(isal_zlib.compress, level=2, wbits=_WINDOW_BITS)
    return partial(zlib_ng.compress, level=3 if level == "balanced" else 5, wbits=_WINDOW_BITS)


def zstd(level: Level) -> Compress:
    """Return what makes compressed clusters of type 1: one frame (RFC 8878), no checksum.

    QEMU's reader stops when the cluster is full, before a checksum, and would
    take the frame for unfinished (block/qcow2-threads.c, qcow2_zstd_decompress).
    """
    own = threading.local()

    def compress(cluster: memoryview) -> bytes:
        # A compressor serves one thread at a time.
        if not hasattr(own, "compressor"):
            own.compressor = zstandard.ZstdCompressor(
                level=_ZSTD_LEVELS[level], write_checksum=False
            )
        data: bytes = own.compressor.compress(cluster)
        return data

    return compress
