"""The values that travel through a build: frozen, typed, only forward."""

from __future__ import annotations
