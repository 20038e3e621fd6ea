"""Running other programs."""

from __future__ import annotations

import subprocess
from typing import Any


def run(*argv: object, **about: Any) -> str:
    words = [str(word) for word in argv]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, **about)
    return str(done.stdout)
