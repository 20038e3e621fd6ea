"""ext2, ext3 and ext4 for applbuild: one entry point each, one way of making them."""

from __future__ import annotations
