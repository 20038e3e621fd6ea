"""A descriptor that lists the files of the format it describes."""

from __future__ import annotations

from applbuild import BackendInfo, Document, hookimpl


@hookimpl
def applbuild_info():
    return BackendInfo(summary="a list", api=1)


@hookimpl
def applbuild_describe(appliance):
    names = [appliance.artifact(disk.name).path.name for disk in appliance.machine.disks]
    return (Document(name=f"{appliance.name}.txt", content="\n".join(names) + "\n"),)
