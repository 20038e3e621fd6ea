"""The cache of a payload: what it leaves there for its later steps, and what nobody uses now."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import TypeVar

from applbuild.errors import ApplbuildError
from applbuild.json_form import from_json, to_json

_T = TypeVar("_T")
_DAY_SECONDS = 24 * 60 * 60
_KEPT_DAYS = 30


def save_record(record: object, digest: str, cache: Path) -> None:
    """Keep *record*, a frozen attrs value, in *cache* under *digest*; all of it or nothing."""
    file = _place(digest, cache)
    file.parent.mkdir(exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(json.dumps(to_json(record)), encoding="utf-8")
    new.replace(file)


def load_record(kind: type[_T], digest: str, cache: Path) -> _T:
    """Return the value of *kind* that `save_record` kept.

    Raises:
        ApplbuildError: it is gone.
    """
    file = _place(digest, cache)
    if not file.is_file():
        raise ApplbuildError(f"{file} is gone", hint="do not remove the cache while a build runs")
    return from_json(json.loads(file.read_text(encoding="utf-8")), kind)


def trim_cache(cache: Path) -> None:
    """Remove from the folders of *cache* what no build has used, or written, for a month."""
    oldest = time.time() - _KEPT_DAYS * _DAY_SECONDS
    entries = (entry for folder in cache.iterdir() if folder.is_dir() for entry in folder.iterdir())
    for entry in entries:
        try:
            if entry.stat().st_mtime < oldest:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        except FileNotFoundError:
            continue  # another build was faster


def _place(digest: str, cache: Path) -> Path:
    return cache / "resolutions" / f"{digest}.json"
