"""Request to Plan: where every partition lies and what everything is called. Pure."""

from __future__ import annotations

from applbuild.layout.automatic import settle
from applbuild.layout.decide import lay_out
from applbuild.layout.partitions import filesystem_of

__all__ = ["filesystem_of", "lay_out", "settle"]
