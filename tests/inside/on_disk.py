"""The applbuild command on a host whose memory is too small for the tree."""

from __future__ import annotations

from applbuild import pipeline
from applbuild.cli import main

pipeline.free_memory_bytes = lambda: 0
main()
