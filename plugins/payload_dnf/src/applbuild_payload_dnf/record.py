"""What a resolution leaves for the later steps."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import attrs

from applbuild import save_record
from applbuild_payload_dnf.choice import Row
from applbuild_payload_dnf.modules import ModuleState
from applbuild_payload_dnf.repositories import Repository


@attrs.frozen(kw_only=True)
class Record:
    """What was chosen, from where, and how it is to be installed."""

    repositories: tuple[Repository, ...]
    """Without logins."""
    rows: tuple[Row, ...]
    modules: tuple[ModuleState, ...] = ()
    has_docs: bool = True
    languages: str | None = None
    """Those whose translations are installed, separated by colons; None for all."""
    files: tuple[tuple[str, str], ...] = ()
    """Where each package lies, by its full name; filled when they are downloaded."""


def keep(record: Record, software: Mapping[str, str], cache: Path) -> str:
    """Keep *record* in *cache*; return the digest by which it is found.

    It changes whenever *software* (what identifies each package), or how it is
    installed, does.
    """
    kept = [(item.name, item.address) for item in record.repositories if item.is_kept]
    manner = [record.has_docs, record.languages, kept, record.modules]
    digest = hashlib.sha256(f"{sorted(software.items())}\n{manner}".encode()).hexdigest()
    save_record(record, digest, cache)
    return digest
