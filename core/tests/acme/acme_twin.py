"""A format whose files are called as those of the other one."""

from __future__ import annotations

from applbuild import BackendInfo, hookimpl


@hookimpl
def applbuild_info():
    return BackendInfo(summary="the twin of a copy", api=1, extension="img")
