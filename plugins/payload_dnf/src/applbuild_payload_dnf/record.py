"""What a resolution leaves for the later steps, kept in the cache under its digest."""

from __future__ import annotations

import json
import os
from pathlib import Path

import attrs

from applbuild import ApplbuildError, Place
from applbuild_payload_dnf.dnf import Row
from applbuild_payload_dnf.repositories import Repository


@attrs.frozen(kw_only=True)
class Record:
    """What was chosen, from where, and how it is to be installed."""

    repositories: tuple[Repository, ...] = attrs.field(repr=False)
    releasever: str
    rows: tuple[Row, ...]
    settings: tuple[tuple[str, str], ...] = ()
    has_docs: bool = True
    languages: str | None = None
    """Those whose translations are installed, separated by colons; None for all."""
    files: tuple[tuple[str, str], ...] = ()
    """Where each package lies, by its full name; filled when they are downloaded."""


def save_record(record: Record, digest: str, cache: Path) -> None:
    """Keep *record* in *cache* under *digest*; only its owner may read it, it can hold logins."""
    folder = cache / "resolutions"
    folder.mkdir(exist_ok=True)
    new = folder / f"{digest}.new"
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(attrs.asdict(record), out)
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
    for name in ("settings", "files"):
        form[name] = tuple(map(tuple, form[name]))
    form["rows"] = tuple(Row(**row) for row in form["rows"])
    form["repositories"] = tuple(map(_repository, form["repositories"]))
    return Record(**form)


def _repository(form: dict[str, object]) -> Repository:
    fields: dict[str, object] = dict(form)
    place = fields.pop("place")
    return Repository(
        name=str(fields["name"]),
        settings=tuple(map(tuple, fields["settings"])),  # type: ignore[call-overload]
        keys=tuple(fields["keys"]),  # type: ignore[arg-type]
        is_kept=bool(fields["is_kept"]),
        place=Place(**place) if isinstance(place, dict) else None,
    )
