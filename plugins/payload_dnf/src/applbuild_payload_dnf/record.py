"""What a resolution leaves for the later steps, kept in the cache under its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from applbuild import ApplbuildError, Place
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


def save_record(record: Record, software: Mapping[str, str], cache: Path) -> str:
    """Keep *record* in *cache*; return its digest, which `load_record` finds it by.

    It changes whenever *software* (what identifies each package), or how it is
    installed, does.
    """
    kept = [(item.name, item.address) for item in record.repositories if item.is_kept]
    manner = [record.has_docs, record.languages, kept, record.modules]
    digest = hashlib.sha256(f"{sorted(software.items())}\n{manner}".encode()).hexdigest()
    folder = cache / "resolutions"
    folder.mkdir(exist_ok=True)
    new = folder / f"{digest}.new"
    new.write_text(json.dumps(attrs.asdict(record)), encoding="utf-8")
    new.replace(folder / f"{digest}.json")
    return digest


def load_record(digest: str, cache: Path) -> Record:
    """Return what `save_record` kept.

    Raises:
        ApplbuildError: it is gone.
    """
    file = cache / "resolutions" / f"{digest}.json"
    if not file.is_file():
        raise ApplbuildError(f"{file} is gone", hint="do not remove the cache while a build runs")
    form = json.loads(file.read_text(encoding="utf-8"))
    form["files"] = tuple(map(tuple, form["files"]))
    form["modules"] = tuple(ModuleState(**item) for item in form["modules"])
    form["rows"] = tuple(Row(**row) for row in form["rows"])
    form["repositories"] = tuple(map(_repository, form["repositories"]))
    return Record(**form)


def _repository(form: dict[str, Any]) -> Repository:
    place = form["place"]
    return Repository(
        **{
            **form,
            "settings": tuple(map(tuple, form["settings"])),
            "keys": tuple(form["keys"]),
            "place": Place(**place) if place else None,
        }
    )
