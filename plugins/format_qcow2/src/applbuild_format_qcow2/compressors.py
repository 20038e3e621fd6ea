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
# The fewest that ISA-L hashes when it is flushed.
_FIRST_BYTES = 4
_ZSTD_LEVELS: dict[Level, int] = {"fast": 1, "balanced": 3, "small": 9}


def zlib(level: Level) -> Compress:
    """Return what makes compressed clusters of type 0 (RFC 1951, window of 4 KiB)."""
    if level == "fast":
        return _isal
    return partial(zlib_ng.compress, level=3 if level == "balanced" else 5, wbits=_WINDOW_BITS)


def _isal(cluster: memoryview) -> bytes:
    """Return *cluster* as ISA-L's level 2 packs it, in two deflate blocks.

    At once it would depend on where the stack lies: ISA-L's fast path hashes part
    of the address of its state in place of the third byte of a stream
    (igzip/igzip_icf_body_h1_gr_bt.asm, write_first_byte). A few bytes are
    flushed before it, by a path that does not, and cost a thousandth in size.
    """
    packing = isal_zlib.compressobj(2, isal_zlib.DEFLATED, _WINDOW_BITS)
    return b"".join(
        (
            packing.compress(cluster[:_FIRST_BYTES]),
            packing.flush(isal_zlib.Z_SYNC_FLUSH),
            packing.compress(cluster[_FIRST_BYTES:]),
            packing.flush(isal_zlib.Z_FINISH),
        )
    )


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
