"""From statements to values: one function per command, each Reading to Reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from applbuild.kickstart.apply.accounts import ACCOUNTS
from applbuild.kickstart.apply.network import NETWORK, count_interfaces
from applbuild.kickstart.apply.region import REGION
from applbuild.kickstart.apply.services import SERVICES
from applbuild.kickstart.apply.software import SOFTWARE
from applbuild.kickstart.apply.storage import STORAGE
from applbuild.kickstart.grammar import Statement
from applbuild.kickstart.reading import Reading

__all__ = ["APPLY", "count_interfaces"]

APPLY: Mapping[str, Callable[[Reading, Statement], Reading]] = {
    **STORAGE,
    **SOFTWARE,
    **ACCOUNTS,
    **REGION,
    **NETWORK,
    **SERVICES,
}
"""The functions, by the command or section they are for."""
