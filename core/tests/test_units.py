from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applbuild.units import MIB, format_size, parse_size, round_down, round_up

STEPS = st.sampled_from([1, 512, 4096, MIB, 1000])
SIZES = st.integers(0, 1 << 60)


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("1B", 1),
        ("512B", 512),
        ("4K", 4096),
        ("4KiB", 4096),
        ("4KB", 4000),
        ("5000MiB", 5000 * MIB),
        ("600MB", 600_000_000),
        ("5G", 5 * 1024**3),
        ("5GB", 5 * 1000**3),
        ("8T", 8 * 1024**4),
        ("1.5G", 3 * 1024**3 // 2),
        ("0.5KiB", 512),
        ("1.50MB", 1_500_000),
        (" 10 MiB ", 10 * MIB),
        ("0M", 0),
    ],
)
def test_bare_letters_are_binary_and_full_units_mean_what_they_say(text, size_bytes):
    assert parse_size(text) == size_bytes


@pytest.mark.parametrize(
    "text",
    ["", "5000", "MiB", "-1MiB", "+1MiB", "1,5G", "1.G", ".5G", "1e3M", "5 M i B", "5mib", "5P",
     "5Mib", "0x10M", "\u0665MiB", "5M\n5M", "nanM", "1_000M"],
)  # fmt: skip
def test_what_tools_would_read_differently_is_no_size(text):
    with pytest.raises(ValueError, match="is not a size"):
        parse_size(text)


@pytest.mark.parametrize("text", ["0.5B", "1.0001K", "0.3KiB", "0.1MiB"])
def test_a_size_is_a_whole_number_of_bytes(text):
    with pytest.raises(ValueError, match="is not a whole number of bytes"):
        parse_size(text)


@pytest.mark.parametrize("text", ["5000", "five", "0.5B"])
def test_a_refused_size_is_quoted(text):
    with pytest.raises(ValueError, match=repr(text)):
        parse_size(text)


@given(st.integers(0, 1 << 50), st.sampled_from(["B", "K", "MiB", "GB", "T"]))
def test_a_whole_number_of_any_unit_is_exact(count, unit):
    assert parse_size(f"{count}{unit}") == count * parse_size(f"1{unit}")


@given(SIZES, STEPS)
def test_rounding_up_gives_the_nearest_multiple_that_is_not_below(value, step):
    rounded = round_up(value, step)

    assert rounded % step == 0
    assert value <= rounded < value + step


@given(SIZES, STEPS)
def test_rounding_down_gives_the_nearest_multiple_that_is_not_above(value, step):
    rounded = round_down(value, step)

    assert rounded % step == 0
    assert value - step < rounded <= value


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (10 * MIB, "10.0 MiB"),
        (1000 * MIB, "1000 MiB"),
        (5000 * MIB, "4.9 GiB"),
        (8 * 1024**4, "8.0 TiB"),
        (5000 * 1024**4, "5000.0 TiB"),
    ],
)
def test_people_read_sizes_in_the_largest_fitting_unit(size_bytes, text):
    assert format_size(size_bytes) == text


@given(st.integers(1, 1 << 50))
def test_what_people_read_is_true_to_five_in_a_hundred(size_bytes):
    number, unit = format_size(size_bytes).split()

    assert float(number) * parse_size(f"1{unit}") == pytest.approx(size_bytes, rel=0.05)
