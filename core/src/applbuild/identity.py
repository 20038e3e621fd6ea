"""Everything that is usually random, derived from a seed instead: same inputs, same bytes."""

from __future__ import annotations

import hashlib
import uuid


def seed_of(*parts: str) -> str:
    """Return the seed that *parts* make: 64 hexadecimal digits."""
    joined = "".join(f"{len(part.encode())}:{part}" for part in parts)
    return hashlib.sha256(joined.encode()).hexdigest()


def derive(seed: str, purpose: str) -> bytes:
    """Return 32 bytes that belong to *purpose* alone."""
    return hashlib.sha256(f"{seed}/{purpose}".encode()).digest()


def derive_uuid(seed: str, purpose: str) -> str:
    """Return a random-looking UUID (RFC 9562, version 4 layout) for *purpose*."""
    return str(uuid.UUID(bytes=derive(seed, purpose)[:16], version=4))


def derive_hex(seed: str, purpose: str, digits: int) -> str:
    """Return *digits* hexadecimal digits for *purpose*, never all zero or all one."""
    text = derive(seed, purpose).hex()[:digits]
    return text if set(text) not in ({"0"}, {"f"}) else f"{text[:-1]}1"


def derive_identifier(seed: str, purpose: str, bits: int) -> str:
    """Return what a filesystem is found by: a UUID, or for 32 *bits* a FAT volume id."""
    if bits == 32:
        digits = derive_hex(seed, purpose, 8).upper()
        return f"{digits[:4]}-{digits[4:]}"
    return derive_uuid(seed, purpose)
