from __future__ import annotations

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applbuild import identity
from applbuild.identity import derive_hex, derive_identifier, derive_uuid, seed_of

TEXTS = st.text(max_size=20)
SEED = seed_of("a kickstart", "os=1")


@given(st.lists(TEXTS, max_size=4), st.lists(TEXTS, max_size=4))
def test_seeds_are_equal_only_for_equal_parts(one, other):
    assert (seed_of(*one) == seed_of(*other)) == (one == other)


def test_a_seed_knows_where_one_part_ends_and_the_next_begins():
    assert seed_of("ab", "c") != seed_of("a", "bc")


@given(TEXTS)
def test_a_seed_is_64_hexadecimal_digits(text):
    assert re.fullmatch("[0-9a-f]{64}", seed_of(text))


@given(TEXTS)
def test_an_identifier_looks_like_any_random_uuid(purpose):
    found = uuid.UUID(derive_uuid(SEED, purpose))

    assert found.version == 4
    assert found.variant == uuid.RFC_4122
    assert str(found) == derive_uuid(SEED, purpose)


@given(TEXTS, TEXTS)
def test_each_purpose_has_an_identifier_of_its_own(one, other):
    assert (derive_uuid(SEED, one) == derive_uuid(SEED, other)) == (one == other)


def test_another_seed_gives_another_identifier():
    assert derive_uuid(SEED, "disk os") != derive_uuid(seed_of("b"), "disk os")


def test_identifiers_stay_what_they_were_in_earlier_versions():
    assert SEED == "e9b707147dcc79b759bd9ed7b47ef8ae77d2cc88a2fe2561a514abbdc2f2c606"
    assert derive_uuid(SEED, "disk os") == "e5051629-5165-4f5a-a3a5-41d7a80d64ab"
    assert derive_identifier(SEED, "volume os/1", 32) == "99E6-9311"


@given(TEXTS, st.integers(2, 64))
def test_hexadecimal_identifiers_have_the_digits_asked_for(purpose, digits):
    assert re.fullmatch(f"[0-9a-f]{{{digits}}}", derive_hex(SEED, purpose, digits))


@pytest.mark.parametrize("byte", [0x00, 0xFF])
def test_an_identifier_is_never_one_that_means_none(monkeypatch, byte):
    monkeypatch.setattr(identity, "derive", lambda *_: bytes([byte]) * 32)

    assert derive_hex(SEED, "disk os", 8) not in ("00000000", "ffffffff")


@given(TEXTS)
def test_a_fat_volume_is_found_by_eight_digits_as_blkid_prints_them(purpose):
    assert re.fullmatch("[0-9A-F]{4}-[0-9A-F]{4}", derive_identifier(SEED, purpose, 32))


@given(TEXTS)
def test_every_other_volume_is_found_by_a_uuid(purpose):
    assert derive_identifier(SEED, purpose, 128) == derive_uuid(SEED, purpose)
