"""A kickstart's text becomes a Request; nothing in it is ignored in silence."""

from __future__ import annotations

from applbuild.kickstart.account import Account, AccountLine, to_json, to_text
from applbuild.kickstart.judge import Verdict
from applbuild.kickstart.read import account, read
from applbuild.kickstart.reading import Reading
from applbuild.kickstart.rules import Fate

__all__ = [
    "Account",
    "AccountLine",
    "Fate",
    "Reading",
    "Verdict",
    "account",
    "read",
    "to_json",
    "to_text",
]
