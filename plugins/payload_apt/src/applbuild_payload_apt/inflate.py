"""Unpacking ahead: while dpkg works on one core, another decompresses what it comes to next.

dpkg reads its packages one after the other, and a kernel alone takes it some
seconds of decompression. A package whose content is not compressed takes none.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import attrs

from applbuild import Run
from applbuild_payload_apt.index import Stanza

_WORTH_BYTES = 500_000
_MAGIC = b"!<arch>\n"
_HEADER_BYTES = 60
_APPEND = 'dpkg-deb --fsys-tarfile "$1" >> "$2"'


@attrs.frozen(kw_only=True)
class Deb:
    """A package to install, and its file."""

    stanza: Stanza
    file: Path


@contextmanager
def inflating(debs: tuple[Deb, ...], folder: Path, run: Run) -> Iterator[Callable[[Deb], Path]]:
    """Yield a function that brings a package into *folder*, as NAME.deb, and returns its path.

    The packages come as they are, but those which there was time to inflate
    meanwhile, the largest of *debs* first.
    """
    is_worth_it = len(os.sched_getaffinity(0)) > 1
    sizes = {deb: deb.file.stat().st_size for deb in debs} if is_worth_it else {}
    large = sorted((deb for deb in sizes if sizes[deb] > _WORTH_BYTES), key=lambda deb: -sizes[deb])
    pool = ThreadPoolExecutor(1)
    started: dict[Deb, Future[None]] = {
        deb: pool.submit(inflate, deb.file, _place(deb, folder), run) for deb in large
    }

    def bring(deb: Deb) -> Path:
        place = _place(deb, folder)
        if deb in started and not started[deb].cancel():
            started[deb].result()
        else:
            shutil.copyfile(deb.file, place)
        return place

    try:
        yield bring
    finally:
        pool.shutdown(cancel_futures=True)


def _place(deb: Deb, folder: Path) -> Path:
    return folder / f"{deb.stanza.name}.deb"


def inflate(deb: Path, target: Path, run: Run) -> None:
    """Write *target*, the package *deb* with its content not compressed (deb(5))."""
    with deb.open("rb") as source, target.open("wb") as out:
        out.write(source.read(len(_MAGIC)))
        header = source.read(_HEADER_BYTES)
        while not header.startswith(b"data.tar"):
            size = int(header[48:58])
            out.write(header + source.read(size + size % 2))
            header = source.read(_HEADER_BYTES)
        start = out.tell()
        out.write(header)
    run(["bash", "-c", _APPEND, "bash", deb, target])
    # A tar archive is of whole blocks: its size is even, as ar(5) wants it.
    size = target.stat().st_size - start - _HEADER_BYTES
    with target.open("r+b") as out:
        out.seek(start)
        out.write(b"data.tar".ljust(16) + header[16:48] + b"%-10d" % size + header[58:])
