"""The demo, built by two people in two places: the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.packages, pytest.mark.timeout(1200)]


def sums(output: Path) -> dict[str, str]:
    lines = (output / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def test_root_with_another_umask_and_locale_makes_the_same_files(
    demo: Path, example: tuple[str, tuple[str, ...]], as_root: Any, workshop: Callable[[Any], Any]
) -> None:
    kickstart, words = example
    again = workshop(as_root).build(
        kickstart,
        *words,
        through=("sh", "-c", 'umask 077; exec "$@"', "sh"),
        environment={"LC_ALL": "de_DE.UTF-8", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "1"},
    )
    assert sums(again) == sums(demo)
    assert len(sums(demo)) == 6
