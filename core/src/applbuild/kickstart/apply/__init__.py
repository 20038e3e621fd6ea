"""From statements to values: one function per command, each Reading to Reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from applbuild.kickstart.apply.software import SOFTWARE
from applbuild.kickstart.apply.storage import STORAGE
from applbuild.kickstart.apply.system import SYSTEM, count_interfaces
from applbuild.kickstart.grammar import Statement
from applbuild.kickstart.reading import Reading

__all__ = ["APPLY", "count_interfaces"]

APPLY: Mapping[str, Callable[[Reading, Statement], Reading]] = {**STORAGE, **SOFTWARE, **SYSTEM}
"""The functions, by the command or section they are for."""
