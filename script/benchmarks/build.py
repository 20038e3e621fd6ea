"""How long a build takes, against mmdebstrap alone for the same packages in the same run.

Both have their packages downloaded before. mmdebstrap writes a folder in memory
and nothing else: no disks, no boot loader, no settings.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples/web.ks"
APPLBUILD = Path(sys.executable).with_name("applbuild")
DISKS = ("--disk", "os=5000MiB", "--disk", "data=1000MiB")
HUGE = ("--disk", "os=5000MiB", "--disk", "data=8T")
DEMO = (
    *("--format", "qcow2", "--format", "vmdk,subformat=streamOptimized"),
    *("--descriptor", "virt-image"),
)
REFERENCE = "mmdebstrap"


def main(argv: list[str]) -> int:
    """Run the benchmark and print a table, or with --json its rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each command, alternating")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
        folder = Path(memory)
        small = _without_growth(folder)
        names = _package_names()
        cases: dict[str, Callable[[], float]] = {
            REFERENCE: lambda: _mmdebstrap(names, folder, is_first=False),
            "raw disks": lambda: _stages(folder, EXAMPLE, *DISKS, "--format", "raw"),
            "demo": lambda: _whole(folder, EXAMPLE, *DISKS, *DEMO),
            "qcow2, disks of 5000 and 1000 MiB": lambda: _whole(
                folder, small, *DISKS, "--format", "qcow2"
            ),
            "qcow2, disks of 5000 MiB and 8 TiB": lambda: _whole(
                folder, small, *HUGE, "--format", "qcow2"
            ),
            "--help": lambda: _timed([APPLBUILD, "--help"]),
        }
        _mmdebstrap(names, folder, is_first=True)
        seconds: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(asked.runs):
            for name, case in cases.items():
                seconds[name].append(case())
    _print(seconds, is_json=asked.json)
    return 0


def _without_growth(folder: Path) -> Path:
    """Return a copy of the example whose partitions have one size on any disk."""
    copy = folder / "small.ks"
    copy.write_text(EXAMPLE.read_text(encoding="utf-8").replace(" --grow", ""), encoding="utf-8")
    return copy


def _package_names() -> list[str]:
    """Return the packages of the example, as the plan resolves them on this host."""
    argv = [APPLBUILD, "plan", EXAMPLE, *DISKS, "--format", "raw", "--json"]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    return [package["name"] for package in json.loads(done.stdout)["resolution"]["packages"]]


def _mmdebstrap(names: list[str], folder: Path, *, is_first: bool) -> float:
    """Return the seconds that mmdebstrap takes; the first run only keeps the packages."""
    kept, target = folder / "packages", folder / "tree"
    kept.mkdir(exist_ok=True)
    # The recipe of mmdebstrap(1) for packages that are kept between runs.
    archives = "/var/cache/apt/archives/"
    hooks = [
        "--skip=download/empty,essential/unlink",
        f'--setup-hook=mkdir -p "$1{archives}"',
        f"--setup-hook=sync-in {kept} {archives}",
    ]
    if is_first:
        hooks.append(f"--customize-hook=sync-out {archives} {kept}")
    argv = [
        "mmdebstrap",
        *("--quiet", "--variant=apt", f"--include={','.join(names)}"),
        *hooks,
        *(_suite(), target, "-"),
    ]
    took = _timed(argv, text=_sources())
    shutil.rmtree(target)
    return took


def _sources() -> str:
    """Return this host's own archives as lines of sources.list."""
    form = "deb [signed-by=$(SIGNED_BY)] $(REPO_URI) $(RELEASE) $(COMPONENT)"
    printed = subprocess.run(
        ["apt-get", "indextargets", "--format", form, "Created-By: Packages"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    lines = (line.replace("[signed-by=$(SIGNED_BY)] ", "") for line in printed.splitlines())
    return "\n".join(dict.fromkeys(line for line in lines if f" {_suite()}" in line)) + "\n"


def _suite() -> str:
    import platform

    return platform.freedesktop_os_release()["VERSION_CODENAME"]


def _whole(folder: Path, *arguments: str | Path) -> float:
    """Return the seconds from the command to its end."""
    output = folder / "out"
    took = _timed([APPLBUILD, *arguments, "--output", output])
    shutil.rmtree(output)
    return took


def _stages(folder: Path, *arguments: str | Path) -> float:
    """Return the seconds from the command to finished raw disks in the work folder.

    What is left out is the time of the format's stage: copying and hashing them.
    """
    output = folder / "out"
    begun = time.monotonic()
    done = subprocess.run(
        [APPLBUILD, *arguments, "--output", output, "--progress", "json"],
        check=True,
        capture_output=True,
        text=True,
    )
    took = time.monotonic() - begun
    shutil.rmtree(output)
    events = [json.loads(line) for line in done.stderr.splitlines()]
    ends = {event["stage"]: event["seconds"] for event in events if event["event"] == "done"}
    return took - float(ends["raw"])


def _timed(argv: list[str | Path], text: str = "") -> float:
    begun = time.monotonic()
    done = subprocess.run(argv, check=False, capture_output=True, text=True, input=text)
    if done.returncode:
        sys.exit(f"{argv}: {done.stderr}")
    return time.monotonic() - begun


def _print(seconds: dict[str, list[float]], *, is_json: bool) -> None:
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    rows = [
        {
            "case": name,
            "seconds": round(median, 2),
            "of_mmdebstrap": round(median / medians[REFERENCE], 2),
            "runs": [round(value, 2) for value in seconds[name]],
        }
        for name, median in medians.items()
    ]
    if is_json:
        print(json.dumps(rows, indent=2))
        return
    print(f"medians of {len(rows[0]['runs'])} alternating runs, {os.cpu_count()} cores, in memory")
    for row in rows:
        print(f"{row['case']:38} {row['seconds']:8.2f} s   {row['of_mmdebstrap']:5.2f}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
