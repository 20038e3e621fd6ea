"""A ready system passes the kit, as an archive and as a folder, and comes out as it went in."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import attrs
import pytest

import applbuild_payload_tree
from applbuild import (
    KickstartError,
    PackageName,
    PackageSelection,
    Place,
    Request,
    Resolution,
    Source,
)
from applbuild.testing import examples
from applbuild.testing.payloads import PayloadConformance
from applbuild.testing.trees import CAPABILITY, OLD_SECONDS, digest

PLACE = Place("web.ks", 3)
FILES = {
    "etc/hostname": (b"guest\n", 0o644, (0, 0)),
    "etc/shadow": (b"root:*:19000:0:99999:7:::\n", 0o640, (0, 42)),
    "usr/bin/ping": (b"\x7fELF", 0o755, (0, 0)),
    "usr/bin/passwd": (b"\x7fELF2", 0o4755, (0, 0)),
    "home/user/ü b": (b"text", 0o600, (1000, 1000)),
    "boot/config": (b"CONFIG=y\n", 0o644, (0, 0)),
    "proc/cpuinfo": (b"the host's", 0o444, (0, 0)),
    "dev/shm/left": (b"over", 0o644, (0, 0)),
}


def from_(path: Path | str) -> Source:
    url = path if isinstance(path, str) else path.as_uri()
    return Source(command="liveimg", url=url, place=PLACE)


def write_tar(path: Path, mode: str = "w") -> None:
    """Write an archive as a root would have made it, which nobody here needs to be."""
    with tarfile.open(path, mode, format=tarfile.PAX_FORMAT) as archive:
        for name, (content, bits, owner) in FILES.items():
            item = tarfile.TarInfo(f"./{name}")
            item.size, item.mode, item.mtime = len(content), bits, OLD_SECONDS
            item.uid, item.gid = owner
            item.uname, item.gname = "backup", "games"  # names are this host's, and not meant
            if name.endswith("ping"):
                value = CAPABILITY.decode("latin-1")
                item.pax_headers["SCHILY.xattr.security.capability"] = value
            archive.addfile(item, io.BytesIO(content))
        for name, kind, target in (
            ("bin", tarfile.SYMTYPE, "usr/bin"),
            ("usr/bin/ping6", tarfile.LNKTYPE, "./usr/bin/ping"),
            ("dev/null", tarfile.CHRTYPE, ""),
        ):
            item = tarfile.TarInfo(f"./{name}")
            item.type, item.linkname, item.mtime = kind, target, OLD_SECONDS
            archive.addfile(item)


def resolve(request: Request) -> Resolution:
    return applbuild_payload_tree.applbuild_resolve(request=request, run=examples.run())


class ArchiveConformance(PayloadConformance):
    backend = applbuild_payload_tree
    name = "tree"
    file, mode = "system.tar", "w"

    def request(self, folder: Path) -> Request:
        write_tar(folder / self.file, self.mode)
        return examples.request(sources=(from_(folder / self.file),))

    def unclaimed(self) -> tuple[Request, ...]:
        archive = Source(command="url", url="http://deb.example.org/debian/dists/bookworm")
        return (examples.request(), examples.request(sources=(archive,)))

    def test_files_come_out_as_they_went_in(self, installs) -> None:
        tree = installs[1].tree
        for name, (content, mode, owner) in FILES.items():
            if not name.startswith(("proc", "dev")):
                entry = tree[name]
                found = (entry.content, entry.mode, entry.owner, entry.modified_seconds)
                assert found == (digest(content), mode, owner, OLD_SECONDS), name

    def test_links_capabilities_and_hard_links_do_too(self, installs) -> None:
        tree = installs[1].tree
        assert tree["bin"].content == "usr/bin"
        assert tree["usr/bin/ping"].attributes == (("security.capability", CAPABILITY),)
        assert tree["usr/bin/ping6"].same_as == "usr/bin/ping"

    def test_what_the_kernel_fills_is_left_out(self, installs) -> None:
        assert not [name for name in installs[1].tree if name.startswith(("proc/", "dev/"))]


class TestTar(ArchiveConformance):
    def test_a_copy_of_the_archive_is_the_same_software(self, tmp_path: Path) -> None:
        """When it was copied or downloaded is no time of the system's."""
        request = self.request(tmp_path)
        first = resolve(request)
        os.utime(tmp_path / self.file, (OLD_SECONDS, OLD_SECONDS))
        assert resolve(request) == first


class TestCompressedTar(ArchiveConformance):
    file, mode = "system.tar.gz", "w:gz"

    def test_the_size_is_that_of_what_is_in_it(self, tmp_path: Path) -> None:
        """The work folder is made to fit; an archive packs a system to a quarter or less."""
        with tarfile.open(tmp_path / "large.tar.gz", "w:gz") as archive:
            item = tarfile.TarInfo("zeros")
            item.size = 8 << 20
            archive.addfile(item, io.BytesIO(bytes(item.size)))
        request = examples.request(sources=(from_(tmp_path / "large.tar.gz"),))
        resolution = resolve(request)
        assert resolution.installed_bytes >= 8 << 20


class TestFolder(PayloadConformance):
    backend = applbuild_payload_tree
    name = "tree"

    def request(self, folder: Path) -> Request:
        system = folder / "a system"
        for name, (content, mode, _) in FILES.items():
            file = system / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(mode)
        (system / "usr/bin/ping6").hardlink_to(system / "usr/bin/ping")
        (system / "bin").symlink_to("usr/bin")
        (system / "var/tmp").mkdir(parents=True)
        (system / "var/tmp").chmod(0o1777)
        return examples.request(sources=(from_(system),))

    def test_files_come_out_as_they_went_in(self, installs) -> None:
        tree = installs[1].tree
        for name, (content, mode, _) in FILES.items():
            if not name.startswith(("proc", "dev")):
                assert (tree[name].content, tree[name].mode) == (digest(content), mode), name
        assert tree["usr/bin/ping6"].same_as == "usr/bin/ping"
        assert tree["bin"].content == "usr/bin"
        assert tree["var/tmp"].mode == 0o1777

    def test_the_users_own_files_become_roots(self, installs) -> None:
        assert {entry.owner for entry in installs[1].tree.values()} == {(0, 0)}

    def test_what_the_kernel_fills_is_left_out(self, installs) -> None:
        assert not [name for name in installs[1].tree if name.startswith(("proc/", "dev/"))]

    @pytest.mark.parametrize("change", ["content", "mode"])
    def test_a_changed_file_is_other_software(self, change: str, tmp_path: Path) -> None:
        """Even if its size and time are the same: results may be kept by this digest."""
        request = self.request(tmp_path)
        file = tmp_path / "a system/etc/hostname"
        os.utime(file, (OLD_SECONDS, OLD_SECONDS))
        before = resolve(request).digest
        if change == "content":
            file.write_text("other\n", encoding="utf-8")
            os.utime(file, (OLD_SECONDS, OLD_SECONDS))
        else:
            file.chmod(0o600)
        assert resolve(request).digest != before

    @pytest.mark.parametrize("kind", ["owner", "group"])
    def test_a_file_of_somebody_else_is_refused_with_its_name(
        self, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        request = self.request(tmp_path)
        theirs = tmp_path / "a system/etc/hostname"
        seen = theirs.lstat()
        unknown = {"owner": 4, "group": 5}[kind]  # where os.stat_result has it
        shown = os.stat_result(
            65534 if index == unknown else value for index, value in enumerate(tuple(seen))
        )
        lstat = Path.lstat
        monkeypatch.setattr(Path, "lstat", lambda path: shown if path == theirs else lstat(path))
        with pytest.raises(KickstartError, match=f"{theirs} belongs to another user") as raised:
            resolve(request)
        assert raised.value.place == PLACE


class TestLiveimgLine:
    def problems(self, **fields: object) -> list[str]:
        request = examples.request(**fields)
        return [str(found) for found in applbuild_payload_tree.applbuild_check(request=request)]

    def test_an_address_is_refused_with_its_line(self) -> None:
        (said,) = self.problems(sources=(from_("http://example.org/x.tar"),))
        assert said.startswith("web.ks:3: liveimg --url=http://example.org/x.tar: only file://")

    def test_a_file_that_is_not_there_is_refused_with_its_line(self, tmp_path: Path) -> None:
        (said,) = self.problems(sources=(from_(tmp_path / "none.tar"),))
        assert said.startswith("web.ks:3: ")
        assert "no such file" in said

    def test_packages_that_nothing_will_install_are_refused(self, tmp_path: Path) -> None:
        asked = PackageSelection(wanted=(PackageName(name="nginx", place=Place("web.ks", 9)),))
        (said,) = self.problems(sources=(from_(tmp_path),), packages=asked)
        assert said.startswith("web.ks:9: package nginx cannot be added")

    def test_packages_that_others_need_are_the_systems_own_affair(self, tmp_path: Path) -> None:
        asked = PackageSelection(wanted=(PackageName(name="grub2-common", reason="boots"),))
        assert not self.problems(sources=(from_(tmp_path),), packages=asked)

    def test_the_archive_is_the_one_that_the_checksum_is_of(self, tmp_path: Path) -> None:
        write_tar(tmp_path / "system.tar")
        wanted = digest((tmp_path / "system.tar").read_bytes())
        source = from_(tmp_path / "system.tar")
        for right in (wanted, wanted.upper()):
            asked = attrs.evolve(source, options=(("checksum", right),))
            assert resolve(examples.request(sources=(asked,))).digest == wanted
        wrong = attrs.evolve(source, options=(("checksum", "0" * 64),))
        with pytest.raises(KickstartError, match=f"is {wanted}, and not that of") as raised:
            resolve(examples.request(sources=(wrong,)))
        assert raised.value.place == PLACE

    def test_a_folder_has_no_checksum(self, tmp_path: Path) -> None:
        asked = attrs.evolve(from_(tmp_path), options=(("checksum", "0" * 64),))
        (said,) = self.problems(sources=(asked,))
        assert said.startswith("web.ks:3: liveimg --checksum is that of a tar")

    def test_without_one_there_is_nothing_to_install(self) -> None:
        with pytest.raises(KickstartError, match="liveimg --url="):
            resolve(examples.request())
