"""Disk images: a raw disk is read in pieces, changed by every core, written as one hashed file.

What writers of formats share. A backend calls `write_image` with a function that
lays its format out; that function reads the disk with `map_pieces` (or, where
tables come before the data, `used_pieces` and `copy_pieces`) and appends to the
`Image`. The bytes do not depend on the number of cores, memory not on the size of
the disk, and time follows the data: what the file system knows to be a hole is
not read.
"""

from __future__ import annotations

from applbuild.imaging.image import Image, copy_pieces, write_image
from applbuild.imaging.reading import OpenDisk, map_pieces, used_pieces

__all__ = ["Image", "OpenDisk", "copy_pieces", "map_pieces", "used_pieces", "write_image"]
