"""What every format backend must do, as tests to inherit.

    class TestVdi(FormatConformance):
        backend = my_vdi_backend
        name = "vdi"
        options = my_vdi_backend.Options(kind="dynamic")
        qemu_format = "vdi"

One class for each way that options change the file. The reader that checks is
never the writer: qemu-img, unless `decode` is given another.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest
from hypothesis import HealthCheck, given, settings

from applbuild.backends import Backends
from applbuild.errors import ApplbuildError
from applbuild.model.request import BackendRequest
from applbuild.model.result import Artifact, Output, RawDisk
from applbuild.options import fill
from applbuild.progress import Advanced, Event, Progress, silent
from applbuild.run import Run, built_environment
from applbuild.testing.contract import BackendConformance
from applbuild.testing.disks import (
    LAYOUTS,
    Layout,
    Stretch,
    content_of,
    layouts,
    make_raw_disk,
)
from applbuild.units import MIB

_TIB = 1024 * 1024 * MIB
_SEED = "5eed" * 16
_NAMES = (
    "plain",
    "two words",
    "-starts-with-a-dash",
    "quo'te\"s",
    "Büro-日本",
    "%s$HOME`id`;,=",
    "line\nbreak",
    "n" * 200,
)


class FormatConformance(BackendConformance):
    """What every format keeps, besides what every backend does."""

    role = "format"
    options: ClassVar[Any] = None
    """The filled options class; None for its defaults."""
    qemu_format: ClassVar[str] = ""
    """What qemu-img calls the format; where it cannot read it, write `decode`."""
    large_bytes: ClassVar[int] = 8 * _TIB
    """A disk with so little data that it must still be converted in seconds."""
    most_memory_bytes: ClassVar[int] = 200 * MIB
    """Of the whole process while it converts."""

    def decode(self, image: Path, raw: Path) -> None:
        """Write the disk inside *image* to the new file *raw*, by a reader that is not ours."""
        assert self.qemu_format, "set qemu_format, or write decode()"
        run = Run(environment=built_environment())
        run(["qemu-img", "convert", "-f", self.qemu_format, "-O", "raw", image, raw])

    def convert(
        self, disk: RawDisk, directory: Path, name: str = "image", progress: Progress | None = None
    ) -> Artifact:
        """Return what the backend makes of *disk* in *directory*, which is made if need be."""
        directory.mkdir(exist_ok=True)
        return convert_disk(
            self.name, disk, directory, options=self._options(), name=name, progress=progress
        )

    def test_the_options_can_be_typed(self) -> None:
        """Each value of the options under test survives being given on the command line."""
        kind = self.backend.applbuild_info().options
        options = self._options()
        typed = tuple(
            (field.name, str(getattr(options, field.name))) for field in attrs.fields(kind)
        )
        assert fill(kind, BackendRequest(name=self.name, options=typed), "format") == options

    def test_the_extension_is_one(self) -> None:
        """What comes behind the dot of the file's name, without the dot."""
        extension = self.backend.applbuild_info().extension
        assert extension
        assert not set(extension) & set("./ ")

    @pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
    def test_the_disk_comes_back_as_it_was(self, layout: Layout, tmp_path: Path) -> None:
        """A reader that is not the writer finds every byte."""
        self._check_round_trip(layout, tmp_path)

    @given(layout=layouts())
    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
    )
    def test_any_sparse_disk_comes_back_as_it_was(self, layout: Layout) -> None:
        """So it is with whatever hypothesis thinks of."""
        with tempfile.TemporaryDirectory() as directory:
            self._check_round_trip(layout, Path(directory))

    def test_the_artifact_tells_the_truth(self, tmp_path: Path) -> None:
        """Path, name, sizes and SHA-256 are those of the only file that appears."""
        disk = make_raw_disk(LAYOUTS["mixed"], tmp_path, "os")
        artifact = self.convert(disk, tmp_path / "out", name="web-os")
        extension = self.backend.applbuild_info().extension
        assert artifact.path == tmp_path / "out" / f"web-os.{extension}"
        assert _names(tmp_path / "out") == [artifact.path.name]
        assert artifact.disk == "os"
        assert artifact.format == self.name
        assert artifact.size_bytes == artifact.path.stat().st_size
        assert artifact.virtual_bytes == disk.disk.size_bytes
        with artifact.path.open("rb") as file:
            assert artifact.sha256 == hashlib.file_digest(file, "sha256").hexdigest()

    def test_the_source_stays_untouched(self, tmp_path: Path) -> None:
        """Content, holes and time of the raw disk are what they were."""
        disk = make_raw_disk(LAYOUTS["mixed"], tmp_path)
        disk.path.chmod(0o444)
        before = (content_of(disk.path), disk.path.stat().st_blocks, disk.path.stat().st_mtime_ns)
        self.convert(disk, tmp_path / "out")
        after = (content_of(disk.path), disk.path.stat().st_blocks, disk.path.stat().st_mtime_ns)
        assert after == before

    def test_two_runs_give_the_same_file(self, tmp_path: Path) -> None:
        """Elsewhere, later, with another umask and from a file with other holes: the same bytes."""
        layout = LAYOUTS["mixed"]
        first = self.convert(make_raw_disk(layout, tmp_path), tmp_path / "out")
        (tmp_path / "again").mkdir()
        again = make_raw_disk(layout, tmp_path / "again")
        with again.path.open("r+b") as file:  # no holes at all
            whole = file.read()
            file.seek(0)
            file.write(whole)
        before = os.umask(0o077)
        try:
            second = self.convert(again, tmp_path / "elsewhere")
        finally:
            os.umask(before)
        assert second.path.read_bytes() == first.path.read_bytes()
        assert second.path.stat().st_mode == first.path.stat().st_mode

    def test_one_core_gives_the_same_file_as_many(self, tmp_path: Path) -> None:
        """The bytes do not depend on how the work was divided."""
        disk = make_raw_disk(LAYOUTS["mixed"], tmp_path)
        many = self.convert(disk, tmp_path / "many")
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(cores)})
        try:
            one = self.convert(disk, tmp_path / "one")
        finally:
            os.sched_setaffinity(0, cores)
        assert one.path.read_bytes() == many.path.read_bytes()

    @pytest.mark.parametrize("name", _NAMES)
    def test_any_name_of_a_file_will_do(self, name: str, tmp_path: Path) -> None:
        """A name with blanks, quotes or a dash in front is only a name."""
        layout = LAYOUTS["first and last sector"]
        disk = make_raw_disk(layout, tmp_path)
        artifact = self.convert(disk, tmp_path / "out", name=name)
        assert artifact.path.stem == name
        self._check_content(artifact.path, disk.path)

    def test_a_full_disk_is_said_and_leaves_nothing(self, tmp_path: Path) -> None:
        """When no more can be written, the error names the file and nothing of it stays."""
        disk = make_raw_disk(Layout(8 * MIB, (Stretch(0, 8 * MIB),)), tmp_path)
        with _files_of_at_most(MIB), pytest.raises(ApplbuildError, match=r"(?i)space.*image"):
            self.convert(disk, tmp_path / "out")
        assert not _names(tmp_path / "out")

    def test_a_folder_that_is_not_there_is_an_error(self, tmp_path: Path) -> None:
        """So is one that cannot be written: an error for people, not a traceback."""
        disk = make_raw_disk(LAYOUTS["one sector"], tmp_path)
        (tmp_path / "file").touch()
        with pytest.raises(ApplbuildError):
            convert_disk(self.name, disk, tmp_path / "file", options=self._options())

    @pytest.mark.parametrize("by", [-MIB, MIB])
    def test_a_source_of_another_size_is_refused(self, by: int, tmp_path: Path) -> None:
        """A raw disk that is not as large as its plan says is an error, and leaves nothing."""
        disk = make_raw_disk(Layout(4 * MIB, (Stretch(0, 4 * MIB, "text"),)), tmp_path)
        os.truncate(disk.path, 4 * MIB + by)
        with pytest.raises(ApplbuildError):
            self.convert(disk, tmp_path / "out")
        assert not _names(tmp_path / "out")

    def test_a_source_that_changes_meanwhile_is_refused(self, tmp_path: Path) -> None:
        """Half of one disk and half of another is no image."""
        disk = make_raw_disk(Layout(16 * MIB, (Stretch(0, 16 * MIB, "text"),)), tmp_path)

        def shrink(event: Event) -> None:
            if isinstance(event, Advanced):
                os.truncate(disk.path, 8 * MIB)

        with pytest.raises(ApplbuildError):
            self.convert(disk, tmp_path / "out", progress=Progress(shrink))
        assert not _names(tmp_path / "out")

    def test_an_interruption_leaves_nothing(self, tmp_path: Path) -> None:
        """Whatever ends the conversion half way, there is no half file."""
        disk = make_raw_disk(Layout(16 * MIB, (Stretch(0, 16 * MIB, "text"),)), tmp_path)

        def interrupt(event: Event) -> None:
            if isinstance(event, Advanced) and event.done_bytes > MIB:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            self.convert(disk, tmp_path / "out", progress=Progress(interrupt))
        assert not _names(tmp_path / "out")

    def test_progress_reaches_its_end(self, tmp_path: Path) -> None:
        """What is reported never goes back, and ends with everything done."""
        disk = make_raw_disk(LAYOUTS["mixed"], tmp_path)
        events: list[Event] = []
        self.convert(disk, tmp_path / "out", progress=Progress(events.append))
        done = [event.done_bytes for event in events if isinstance(event, Advanced)]
        totals = {event.total_bytes for event in events if isinstance(event, Advanced)}
        assert done == sorted(done)
        assert totals == {done[-1]}

    def test_a_large_disk_costs_only_its_data(self, tmp_path: Path) -> None:
        """Seconds and little room, however large the disk: nothing follows the virtual size."""
        last = self.large_bytes - 512
        layout = Layout(self.large_bytes, (Stretch(0, MIB, "text"), Stretch(last, 512)))
        disk = make_raw_disk(layout, tmp_path)
        begun = time.monotonic()
        artifact = self.convert(disk, tmp_path / "out")
        assert time.monotonic() - begun < 60
        assert artifact.path.stat().st_blocks * 512 < 16 * MIB
        assert artifact.virtual_bytes == self.large_bytes

    def test_memory_does_not_follow_the_disk(self, tmp_path: Path) -> None:
        """Hundreds of megabytes of data pass through a process that stays small."""
        size = 240 * MIB
        disk = make_raw_disk(Layout(size), tmp_path)
        with disk.path.open("r+b") as file:
            chunk = Stretch(0, 8 * MIB).content()
            for _ in range(size // len(chunk)):
                file.write(chunk)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            peak = pool.apply(_peak_memory, (self.name, disk, tmp_path, self._options()))
        assert peak < self.most_memory_bytes

    def _options(self) -> object:
        return self.backend.applbuild_info().options() if self.options is None else self.options

    def _check_round_trip(self, layout: Layout, directory: Path) -> None:
        disk = make_raw_disk(layout, directory)
        artifact = self.convert(disk, directory / "out")
        self._check_content(artifact.path, disk.path)

    def _check_content(self, image: Path, raw: Path) -> None:
        decoded = raw.with_name("decoded.raw")
        self.decode(image, decoded)
        assert content_of(decoded) == content_of(raw)


def _names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


def convert_disk(
    backend: str,
    disk: RawDisk,
    directory: Path,
    *,
    options: object,
    name: str = "image",
    seed: str = _SEED,
    progress: Progress | None = None,
) -> Artifact:
    """Return what the format *backend*, as users type it, makes of *disk*; called by the core."""
    artifact: Artifact = Backends().call(
        "applbuild_convert",
        "format",
        backend,
        disk=disk,
        output=Output(format=backend, options=options, name=name, seed=seed),
        directory=directory,
        run=Run(environment=built_environment()),
        progress=progress or silent(),
    )
    return artifact


def _peak_memory(backend: str, disk: RawDisk, directory: Path, options: object) -> int:
    """Return the most memory, in bytes, that this process ever had; called in a fresh one."""
    convert_disk(backend, disk, directory, options=options)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    # Not getrusage(2): its figure is that of the parent until execve(2), and stays if larger.
    return next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line) * 1024


@contextmanager
def _files_of_at_most(size_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond *size_bytes* (EFBIG, as on a full disk)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
