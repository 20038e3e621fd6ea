"""Our disk images against qemu-img's: time, size and memory, measured in alternation.

    script/bench formats [--json] [--disk FILE] [--rounds N] [--only CASE] [--workdir DIR]

Each round runs every command once, qemu-img's and ours, one after another; medians
are compared. What is made is removed before the next begins, and every image of
ours is checked once by `qemu-img compare`. Seconds are those of the process, less
for ours the start of Python: in a build it already runs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import stat
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import attrs

from applbuild import Disk, Output, RawDisk, Run, format_size
from applbuild.options import fill, parse_backend
from applbuild.progress import silent
from applbuild.run import built_environment

MIB = 1 << 20
_BEST = ("-W", "-m", "16")
# What a server's disk is made of, roughly: programs, libraries, and text of all kinds.
_SAMPLE = (
    (Path("/usr/bin"), 160 * MIB),
    (Path("/usr/lib"), 420 * MIB),
    (Path("/usr/share"), 190 * MIB),
)
_LARGEST_FILE = 48 * MIB
_DISK_BYTES = 4096 * MIB
_COLUMNS = (
    *("case", "level", "seconds", "qemu-img", "its best", "times as fast", "as its best"),
    *("size", "of qemu-img's", "memory"),
)


@attrs.frozen(kw_only=True)
class Case:
    """A kind of image: how qemu-img is asked for it, and how we are (one way for each level)."""

    name: str
    qemu: tuple[str, ...]
    ours: tuple[tuple[str, str], ...]


CASES = (
    Case(name="qcow2", qemu=("-O", "qcow2"), ours=(("", "qcow2,compression=none"),)),
    Case(
        name="qcow2-zlib",
        qemu=("-c", "-O", "qcow2"),
        ours=tuple(
            (level, f"qcow2,compression=zlib,level={level}")
            for level in ("fast", "balanced", "small")
        ),
    ),
    Case(
        name="qcow2-zstd",
        qemu=("-c", "-O", "qcow2", "-o", "compression_type=zstd"),
        ours=(("balanced", "qcow2,compression=zstd"),),
    ),
    Case(name="vmdk", qemu=("-O", "vmdk"), ours=(("", "vmdk"),)),
    Case(
        name="vmdk-streamOptimized",
        qemu=("-O", "vmdk", "-o", "subformat=streamOptimized"),
        ours=tuple(
            (level, f"vmdk,subformat=streamOptimized,level={level}")
            for level in ("fast", "balanced")
        ),
    ),
)


@attrs.frozen(kw_only=True)
class Measured:
    """One run of one command."""

    seconds: float
    size_bytes: int
    peak_memory_bytes: int
    sha256: str = ""


def main(argv: Sequence[str]) -> int:
    """Measure and print; return 0, or 1 where two runs of ours differ or a disk came out wrong."""
    arguments = _parse(argv)
    if arguments.convert:
        return _convert(arguments.convert, arguments.disk, arguments.workdir)
    cases = [case for case in CASES if arguments.only in (None, case.name)]
    with tempfile.TemporaryDirectory(dir=arguments.workdir, prefix="bench-") as name:
        work = Path(name)
        disk = arguments.disk or _prepare_disk(work)
        rows = [row for case in cases for row in _measure(case, disk, work, arguments.rounds)]
    sys.stdout.write(json.dumps(rows, indent=2) + "\n" if arguments.json else _table(rows))
    return 0 if all(row["same_bytes"] and row["same_content"] for row in rows) else 1


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench formats")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--disk", type=Path, help="the raw disk to convert; else one is made")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=[case.name for case in CASES])
    parser.add_argument("--workdir", type=Path, help="where images are written and removed")
    parser.add_argument("--convert", help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def _measure(case: Case, disk: Path, work: Path, rounds: int) -> list[dict[str, Any]]:
    """Return a row for each of our ways to make *case*."""
    plain: list[Measured] = []
    best: list[Measured] = []
    ours: dict[str, list[Measured]] = {level: [] for level, _ in case.ours}
    same_content = dict.fromkeys(ours, True)
    for number in range(rounds):
        plain.append(_run_qemu(case.qemu, disk, work))
        best.append(_run_qemu((*case.qemu, *_BEST), disk, work))
        for level, asked in case.ours:
            measured, image = _run_ours(asked, disk, work)
            ours[level].append(measured)
            if number == 0:
                same_content[level] = _is_same(disk, image)
            image.unlink()
    return [
        _row(case.name, level, ours[level], plain, best)
        | {
            "same_bytes": len({run.sha256 for run in ours[level]}) == 1,
            "same_content": same_content[level],
        }
        for level in ours
    ]


def _row(
    case: str, level: str, ours: list[Measured], plain: list[Measured], best: list[Measured]
) -> dict[str, Any]:
    seconds, plain_seconds, best_seconds = (
        statistics.median(run.seconds for run in runs) for runs in (ours, plain, best)
    )
    size_bytes = ours[0].size_bytes
    return {
        "case": case,
        "level": level,
        "ratio": round(plain_seconds / seconds, 2),
        "ratio_best": round(min(plain_seconds, best_seconds) / seconds, 2),
        "size_ratio": round(size_bytes / plain[0].size_bytes, 4),
        "seconds": round(seconds, 2),
        "bytes": size_bytes,
        "peak_memory_bytes": max(run.peak_memory_bytes for run in ours),
        "qemu_seconds": round(plain_seconds, 2),
        "qemu_best_seconds": round(best_seconds, 2),
        "qemu_bytes": plain[0].size_bytes,
        "qemu_peak_memory_bytes": max(run.peak_memory_bytes for run in plain + best),
    }


def _run_qemu(flags: Sequence[str], disk: Path, work: Path) -> Measured:
    image = work / "qemu.image"
    begun = time.monotonic()
    _, peak = _spawn(["qemu-img", "convert", "-f", "raw", *flags, str(disk), str(image)])
    seconds = time.monotonic() - begun
    measured = Measured(seconds=seconds, size_bytes=image.stat().st_size, peak_memory_bytes=peak)
    image.unlink()
    return measured


def _run_ours(asked: str, disk: Path, work: Path) -> tuple[Measured, Path]:
    argv = [sys.executable, __file__, "--convert", asked, "--disk", str(disk)]
    printed, peak = _spawn([*argv, "--workdir", str(work)])
    said = json.loads(printed)
    measured = Measured(
        seconds=said["seconds"],
        size_bytes=said["bytes"],
        peak_memory_bytes=peak,
        sha256=said["sha256"],
    )
    return measured, Path(said["path"])


def _convert(asked: str, path: Path, directory: Path) -> int:
    """Convert in this process, and print how long it took; called in one of its own."""
    request = parse_backend(asked)
    backend = import_module(f"applbuild_format_{request.name}")
    options = fill(backend.applbuild_info().options, request, "format")
    size = path.stat().st_size
    disk = RawDisk(disk=Disk(name="os", size_bytes=size, table="gpt", identifier=""), path=path)
    output = Output(format=request.name, options=options, name="ours", seed="0" * 64)
    begun = time.monotonic()
    artifact = backend.applbuild_convert(
        disk=disk, output=output, directory=directory, progress=silent()
    )
    said = {
        "seconds": time.monotonic() - begun,
        "bytes": artifact.size_bytes,
        "sha256": artifact.sha256,
        "path": str(artifact.path),
    }
    sys.stdout.write(json.dumps(said))
    return 0


def _spawn(argv: list[str]) -> tuple[str, int]:
    """Run *argv*; return what it printed, and the most memory it had, in bytes."""
    with tempfile.TemporaryFile("w+") as out:
        actions = [(os.POSIX_SPAWN_DUP2, out.fileno(), 1)]
        child = os.posix_spawnp(argv[0], argv, dict(os.environ), file_actions=actions)
        _, status, usage = os.wait4(child, 0)
        if status:
            raise SystemExit(f"{' '.join(argv)} ended in {os.waitstatus_to_exitcode(status)}")
        out.seek(0)
        return out.read(), usage.ru_maxrss * 1024


def _is_same(disk: Path, image: Path) -> bool:
    run = Run(environment=built_environment())
    compared = run(["qemu-img", "compare", "-f", "raw", disk, image], is_checked=False)
    return compared.returncode == 0


def _prepare_disk(work: Path) -> Path:
    """Return a disk of 4 GiB with an ext4 file system, filled with files of this machine."""
    tree, disk = work / "tree", work / "disk.raw"
    for folder, most_bytes in _SAMPLE:
        _copy_some(folder, tree, most_bytes)
    disk.touch()
    os.truncate(disk, _DISK_BYTES)
    run = Run(environment=built_environment())
    run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, disk])
    shutil.rmtree(tree)
    return disk


def _copy_some(folder: Path, tree: Path, most_bytes: int) -> None:
    """Copy files below *folder* into *tree*, in order of their names, until there are enough."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for path in (Path(parent, name) for name in sorted(names)):
            status = path.lstat()
            if not stat.S_ISREG(status.st_mode) or not os.access(path, os.R_OK):
                continue
            if status.st_size > min(most_bytes, _LARGEST_FILE):
                continue
            target = tree / path.relative_to("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            most_bytes -= status.st_size


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [
        f"| {' | '.join(_COLUMNS)} |",
        f"|---|---{'|--:' * (len(_COLUMNS) - 2)}|",
    ]
    lines += [
        f"| {row['case']} | {row['level']} | {row['seconds']:.2f} | {row['qemu_seconds']:.2f}"
        f" | {row['qemu_best_seconds']:.2f} | {row['ratio']:.1f} | {row['ratio_best']:.1f}"
        f" | {format_size(row['bytes'])} | {row['size_ratio']:.1%}"
        f" | {format_size(row['peak_memory_bytes'])} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
