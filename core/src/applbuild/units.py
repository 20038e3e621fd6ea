"""Sizes as people write them, and as the model holds them: bytes."""

from __future__ import annotations

import re

MIB = 1024 * 1024
GIB = 1024 * MIB
SECTOR_BYTES = 512

_UNITS: dict[str, int] = {
    "B": 1,
    **{unit: 1024**power for power, unit in enumerate("KMGT", start=1)},
    **{f"{unit}iB": 1024**power for power, unit in enumerate("KMGT", start=1)},
    **{f"{unit}B": 1000**power for power, unit in enumerate("KMGT", start=1)},
}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)", re.ASCII)


def parse_size(text: str) -> int:
    """Return the bytes that *text* stands for.

    Bare K, M, G and T are binary, as qemu users type them; MiB and MB mean what
    they say. A number without a unit is refused, because every tool reads it
    differently.

    Raises:
        ValueError: *text* is not a size, or not a whole number of bytes.
    """
    match = _SIZE.fullmatch(text.strip())
    factor = _UNITS.get(match[2]) if match else None
    if match is None or factor is None:
        raise ValueError(f"{text!r} is not a size; write for example 5000MiB, 5G or 600MB")
    whole, _, fraction = match[1].partition(".")
    divisor: int = 10 ** len(fraction)
    scaled, rest = divmod(int(whole + fraction) * factor, divisor)
    if rest:
        raise ValueError(f"{text!r} is not a whole number of bytes")
    return scaled


def format_size(size_bytes: int) -> str:
    """Return *size_bytes* for people, in the largest binary unit that leaves at least 1."""
    size = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def format_shortage(needed_bytes: int, free_bytes: int) -> str:
    """Return for people that *needed_bytes* do not fit into *free_bytes*, however close."""
    needed = -(-needed_bytes * 100 // MIB) / 100
    free = free_bytes * 100 // MIB / 100
    return f"needs {needed:.2f} MiB, and {free:.2f} MiB are there"


def round_up(value: int, step: int) -> int:
    """Return the smallest multiple of *step* that is not below *value*."""
    return -(-value // step) * step


def round_down(value: int, step: int) -> int:
    """Return the largest multiple of *step* that is not above *value*."""
    return value // step * step
