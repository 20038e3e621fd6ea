"""A payload that installs two files, and notes in its cache what it was asked to do."""

from __future__ import annotations

import os

from applbuild import BackendInfo, Claim, Problem, Resolution, Severity, Tool, hookimpl


@hookimpl
def applbuild_info():
    lacking = os.environ.get("ACME_LACKS")
    tools = (Tool(lacking, deb="acme-tools", rpm="acme-rpm-tools"),) if lacking else ()
    return BackendInfo(summary="two files", api=1, tools=tools)


@hookimpl
def applbuild_claim():
    return Claim.NONE


@hookimpl
def applbuild_check(request):
    how_bad = {"anvil": Severity.ERROR, "paint": Severity.WARNING}
    return tuple(
        Problem(
            message=f"{name.name} is out of stock",
            severity=how_bad[name.name],
            place=name.place,
            hint="order another",
        )
        for name in request.packages.wanted
        if name.name in how_bad
    )


@hookimpl
def applbuild_resolve(cache):
    (cache / "resolved").touch()
    return Resolution(newest_seconds=1_000_000_000, digest="acme", summary="acme's shelf")


@hookimpl
def applbuild_fetch(resolution, cache):
    (cache / "fetched").touch()
    return resolution


@hookimpl
def applbuild_populate(tree):
    if os.environ.get("ACME_BREAKS"):
        raise BrokenPipeError("the conveyor belt")
    tree.path("/etc").mkdir()
    tree.path("/etc/acme").write_text("roadrunner\n", encoding="utf-8")
    return tree


@hookimpl
def applbuild_make_initramfs(tree):
    return tree
