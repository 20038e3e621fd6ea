"""What the tests do in a build's room; a module of its own, so that the room can import it."""

from __future__ import annotations

import applbuild_payload_dnf as backend
from applbuild import Run
from applbuild.progress import silent
from applbuild.room import CACHE
from applbuild.run import built_environment


def resolve(send, request, needs, options, is_fetched, commands):
    """Resolve, with the programs of the folder *commands* before those of the host."""
    del send
    environment = dict(built_environment())
    environment["PATH"] = f"{commands}:{environment['PATH']}"
    run = Run(environment=tuple(environment.items()))
    common = {"options": options, "cache": CACHE, "run": run, "progress": silent()}
    resolution = backend.applbuild_resolve(request=request, needs=needs, **common)
    return (
        backend.applbuild_fetch(request=request, resolution=resolution, **common)
        if is_fetched
        else resolution
    )
