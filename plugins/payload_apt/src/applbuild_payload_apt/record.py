"""What a resolution leaves for the later steps, kept in the cache under its digest."""

from __future__ import annotations

import json
from pathlib import Path

import attrs

from applbuild import ApplbuildError
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


def save_record(record: Record, digest: str, cache: Path) -> None:
    """Keep *record* in *cache* under *digest*."""
    folder = cache / "resolutions"
    folder.mkdir(exist_ok=True)
    form = {
        "archives": [[attrs.asdict(archive), origin] for archive, origin in record.archives],
        "stanzas": [stanza.text for stanza in record.stanzas],
        "keyring": record.keyring,
        "has_docs": record.has_docs,
    }
    new = folder / f"{digest}.new"
    new.write_text(json.dumps(form), encoding="utf-8")
    new.replace(folder / f"{digest}.json")


def load_record(digest: str, cache: Path) -> Record:
    """Return what `save_record` kept.

    Raises:
        ApplbuildError: it is gone.
    """
    file = cache / "resolutions" / f"{digest}.json"
    if not file.is_file():
        raise ApplbuildError(f"{file} is gone", hint="do not remove the cache while a build runs")
    form = json.loads(file.read_text(encoding="utf-8"))
    return Record(
        archives=tuple(
            (Archive(**{**fields, "components": tuple(fields["components"])}), origin)
            for fields, origin in form["archives"]
        ),
        stanzas=tuple(map(Stanza, form["stanzas"])),
        keyring=form["keyring"],
        has_docs=form["has_docs"],
    )
