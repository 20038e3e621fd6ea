"""What every payload keeps, as tests to inherit."""

from __future__ import annotations

import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest

from applbuild import Claim, Host, Request, Resolution, namespace
from applbuild.host import look_around
from applbuild.room import CACHE, Bind, Room
from applbuild.testing.contract import BackendConformance, changes
from applbuild.testing.installs import Install, Installed, install_in_room
from applbuild.testing.trees import Entry, entries

_MIB = 1024 * 1024


class PayloadConformance(BackendConformance, ABC):
    """What every payload keeps, besides what every backend does.

    The inheriting class gives `backend`, `name` and `request`; `unclaimed`, where
    there are kickstarts that only other payloads can install. The system is
    installed in a build's room, twice, as in two builds.
    """

    role = "payload"
    options: ClassVar[Any] = None
    """The filled options class; None for its defaults."""

    @abstractmethod
    def request(self, folder: Path) -> Request:
        """Return a request for a small system that this payload is made for.

        Material that it is made from may be put into *folder*, which the room
        sees at the same path; `examples.request(sources=...)` makes the rest.
        """

    def unclaimed(self) -> tuple[Request, ...]:
        """Return requests that this payload cannot install."""
        return ()

    @pytest.fixture(scope="class")
    @classmethod
    def installs(
        cls, tmp_path_factory: pytest.TempPathFactory
    ) -> tuple[Request, Installed, Installed]:
        """Install the request twice, more than a second apart, with one cache."""
        folder = tmp_path_factory.mktemp("payload")
        source, cache = folder / "source", folder / "cache"
        source.mkdir()
        cache.mkdir()
        self = cls()
        request = self.request(source)
        install = Install(
            name=cls.name,
            request=request,
            options=cls.options if cls.options is not None else self._info().options(),
        )
        room = Room(
            binds=(Bind(source, source), Bind(cache, CACHE, is_writable=True)),
            work_bytes=4096 * _MIB,
        )
        first: Installed = namespace.call(install_in_room, install, room=room)
        time.sleep(1.1)
        second: Installed = namespace.call(install_in_room, install, room=room)
        return request, first, second

    def test_it_claims_what_it_is_made_for(self, tmp_path: Path) -> None:
        """A kickstart like its own looks made for it; the host alone may not decide."""
        claim = self.answer("applbuild_claim", request=self.request(tmp_path), host=look_around())
        assert Claim(claim) >= Claim.FITS

    def test_it_leaves_to_others_what_is_theirs(self) -> None:
        """It claims nothing that it cannot install."""
        for request in self.unclaimed():
            claim = self.answer("applbuild_claim", request=request, host=look_around())
            assert Claim(claim) is Claim.NONE, request.sources

    def test_claiming_and_checking_change_nothing(self, tmp_path: Path) -> None:
        """Neither runs, fetches or writes anything; the own request has no problem."""
        request, host = self.request(tmp_path), look_around()
        before = entries(tmp_path)
        with changes() as seen:
            self.answer("applbuild_claim", request=request, host=host)
            problems = self._problems(request, host)
        assert not seen
        assert not problems
        assert entries(tmp_path) == before

    def test_resolving_says_what_will_be_installed(self, installs: Any) -> None:
        """Size, time and digest are known before anything is installed; no time is to come."""
        resolution: Resolution = installs[1].resolution
        assert resolution.installed_bytes > 0
        assert resolution.summary
        assert resolution.digest
        assert 0 < resolution.newest_seconds <= time.time()

    def test_the_same_software_resolves_to_the_same(self, installs: Any) -> None:
        """Two builds agree on all of it, whatever the cache had."""
        assert installs[1].resolution == installs[2].resolution

    def test_something_is_installed(self, installs: Any) -> None:
        """A tree with nothing in it would pass everything else."""
        assert len(installs[1].tree) > 1

    def test_two_builds_install_the_same(self, installs: Any) -> None:
        """Contents, kinds, owners, modes, attributes, and times up to the epoch."""
        first, second = (_settled(install) for install in installs[1:])
        differing = {
            name: (first.get(name), second.get(name))
            for name in {*first, *second}
            if first.get(name) != second.get(name)
        }
        assert not differing

    def test_nothing_is_written_outside_the_tree(self, installs: Any) -> None:
        """Nor left: the room's own folders are after it what they were before it."""
        for install in installs[1:]:
            assert not install.changed_outside

    def test_nothing_of_the_host_is_in_it(self, installs: Any) -> None:
        """Its name, its resolvers and its identity are not the guest's."""
        request, install, _ = installs
        del request
        assert socket.gethostname() not in install.identity.get("etc/hostname", "").split()
        for name in ("etc/resolv.conf", "etc/machine-id"):
            host = Path("/", name)
            if host.is_file() and host.stat().st_size:
                assert install.identity.get(name) != host.read_text(encoding="utf-8"), name

    def test_a_system_without_kernels_needs_no_initramfs(self, installs: Any) -> None:
        """It is left as it is, and the tree comes back."""
        for install in installs[1:]:
            if not any(name.startswith("boot/vmlinuz-") for name in install.tree):
                assert not install.changed_by_initramfs

    def _problems(self, request: Request, host: Host) -> tuple[Any, ...]:
        check = getattr(self.backend, "applbuild_check", None)
        if check is None:
            return ()
        return tuple(self.answer("applbuild_check", request=request, host=host))


def _settled(install: Installed) -> Mapping[str, Entry]:
    """Return the tree as a filesystem would hold it: no time is later than the epoch."""
    epoch = install.resolution.newest_seconds
    return {
        name: attrs.evolve(entry, modified_seconds=min(entry.modified_seconds, epoch))
        for name, entry in install.tree.items()
    }
