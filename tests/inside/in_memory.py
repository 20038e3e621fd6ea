"""The applbuild command."""

from __future__ import annotations

from applbuild.cli import main

main()
