"""Values that a payload keeps from one step to the next, in its cache."""

from __future__ import annotations

import os
import time

import attrs
import pytest

from applbuild import ApplbuildError, Place, load_record, save_record, trim_cache


@attrs.frozen(kw_only=True)
class Record:
    names: tuple[str, ...]
    pairs: tuple[tuple[Place, str], ...]
    place: Place | None = None


def test_what_was_kept_is_found_by_its_digest(tmp_path):
    record = Record(names=("a", "b"), pairs=((Place("x.ks", 3), "é"),))
    save_record(record, "12ab", tmp_path)
    save_record(attrs.evolve(record, names=()), "34cd", tmp_path)
    assert load_record(Record, "12ab", tmp_path) == record


def test_a_record_that_is_gone_is_an_error_with_the_likely_reason(tmp_path):
    with pytest.raises(ApplbuildError) as caught:
        load_record(Record, "12ab", tmp_path)
    assert "12ab.json is gone" in caught.value.message
    assert caught.value.hint == "do not remove the cache while a build runs"


def test_only_what_nobody_used_for_a_month_is_trimmed(tmp_path):
    for name, age_days in (("old", 31), ("new", 29)):
        file, folder = tmp_path / "packages" / f"{name}.deb", tmp_path / "indexes" / name
        file.parent.mkdir(exist_ok=True)
        file.touch()
        (folder / "lists").mkdir(parents=True)
        for entry in (file, folder):
            os.utime(entry, (time.time() - age_days * 86400,) * 2)
    trim_cache(tmp_path)
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.glob("*/*"))
    assert left == ["indexes/new", "packages/new.deb"]


@pytest.mark.parametrize("folder", ["", "packages"])
def test_an_empty_cache_can_be_trimmed(tmp_path, folder):
    (tmp_path / folder).mkdir(exist_ok=True)
    trim_cache(tmp_path)
