"""A filesystem that is the list of its files, one after the other."""

from __future__ import annotations

from applbuild import BackendInfo, Made, hookimpl


@hookimpl
def applbuild_info():
    return BackendInfo(summary="files, one after the other", api=1)


@hookimpl
def applbuild_make_filesystem(volume, tree, target):
    folder = tree.folder(volume)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    content = b"".join(
        f"{path.relative_to(folder)}\n".encode() + path.read_bytes() for path in files
    )
    with target.path.open("r+b") as disk:
        disk.seek(target.offset_bytes)
        disk.write(f"ACMEFS {volume.identifier}\n".encode() + content)
    return Made(volume=volume, used_bytes=len(content))
