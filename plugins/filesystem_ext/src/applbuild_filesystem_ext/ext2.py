"""The ext2 filesystem."""

from __future__ import annotations

from applbuild import BackendInfo, Made, Plan, Run, Target, Tree, Volume, hookimpl
from applbuild_filesystem_ext.make import introduce, make


@hookimpl
def applbuild_info() -> BackendInfo:
    """Return what this backend is."""
    return introduce("ext2")


@hookimpl
def applbuild_make_filesystem(
    volume: Volume, tree: Tree, target: Target, plan: Plan, run: Run
) -> Made:
    """Make *volume* at *target* from its folder of *tree*."""
    return make("ext2", volume, tree, target, plan, run)
