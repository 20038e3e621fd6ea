"""The ext3 filesystem."""

from __future__ import annotations

from applbuild import BackendInfo, Made, Plan, Run, Target, Tree, Volume, hookimpl
from applbuild_filesystem_ext.make import introduce, make


@hookimpl
def applbuild_info() -> BackendInfo:
    """Return what this backend is."""
    return introduce("ext3")


@hookimpl
def applbuild_make_filesystem(
    volume: Volume, tree: Tree, target: Target, plan: Plan, run: Run
) -> Made:
    """Make *volume* at *target* from its folder of *tree*."""
    return make("ext3", volume, tree, target, plan, run)
