"""What a resolution leaves for the later steps."""

from __future__ import annotations

import attrs

from applbuild_payload_apt.archives import Archive
from applbuild_payload_apt.index import Stanza


@attrs.frozen(kw_only=True)
class Record:
    """The archives of a resolution and how its packages relate; nothing secret."""

    archives: tuple[tuple[Archive, str], ...]
    """Each with its origin, as its Release file says."""
    stanzas: tuple[Stanza, ...]
    keyring: str | None
    has_docs: bool
