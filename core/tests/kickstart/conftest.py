from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from applbuild.kickstart import Reading, read
from applbuild.model.problem import Severity


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes web.ks, and other files by their names; returns the path of web.ks."""

    def write(text: str, **others: str) -> Path:
        for name, content in {"web.ks": text, **others}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode())
        return tmp_path / "web.ks"

    return write


@pytest.fixture
def understand(write: Callable[..., Path]) -> Callable[..., Reading]:
    """Reads a kickstart given as text."""

    def understand(text: str, *, is_strict: bool = False, must_include: bool = True) -> Reading:
        return read(write(text), is_strict=is_strict, must_include=must_include)

    return understand


@pytest.fixture
def told() -> Callable[[Reading, Severity], list[str]]:
    """Gives the messages of a severity, each with its line."""

    def told(reading: Reading, severity: Severity) -> list[str]:
        return [
            f"{problem.place.line if problem.place else 0}: {problem.message}"
            for problem in reading.request.problems
            if problem.severity is severity
        ]

    return told
