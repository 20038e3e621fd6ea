"""What every descriptor keeps, as tests to inherit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import attrs
import pytest

from applbuild import Appliance, Document, Firmware
from applbuild.testing import examples
from applbuild.testing.contract import BackendConformance, changes

_MIB = 1024 * 1024


@attrs.frozen(kw_only=True)
class Described:
    """What a reader of the documents learns from them."""

    name: str
    """The appliance's."""
    files: tuple[str, ...]
    """The image of each disk as the documents name it, in the order the machine has them."""
    memory_bytes: int
    vcpus: int
    nics: int


class DescriptorConformance(BackendConformance, ABC):
    """What every descriptor keeps, besides what every backend does.

    The inheriting class gives `backend`, `name`, `formats` (two, as users type
    them, that it can describe) and `parse`. Where its options change what it
    writes, a class for each gives `options`.
    """

    role = "descriptor"
    formats: ClassVar[tuple[str, str]]
    options: ClassVar[Any] = None
    """The filled options class; None for its defaults."""

    @abstractmethod
    def parse(self, documents: tuple[Document, ...]) -> Described:
        """Return what *documents* say, read as those who deploy them read them.

        It must not share code with the backend, and fail where a strict reader would.
        """

    def test_documents_are_files_beside_the_images(self) -> None:
        """Each has a name of its own without a folder, and says something."""
        appliance = self._appliance()
        names = [document.name for document in self._describe(appliance)]
        assert names
        assert len(set(names)) == len(names)
        assert not set(names) & {artifact.path.name for artifact in appliance.artifacts}
        assert not [name for name in names if "/" in name or name.startswith(".")]
        assert all(document.content for document in self._describe(appliance))

    def test_the_same_appliance_is_described_in_the_same_words(self) -> None:
        """Equal values give equal documents, byte for byte."""
        assert self._describe(self._appliance()) == self._describe(self._appliance())

    def test_describing_changes_and_fetches_nothing(self) -> None:
        """No file is written, no process started, no network asked."""
        appliance = self._appliance()
        with changes() as seen:
            self._describe(appliance)
        assert not seen

    def test_every_disk_is_named_once_by_the_file_of_the_described_format(self) -> None:
        """Files of the other formats are not named, whichever is described."""
        for described in self.formats:
            appliance = self._appliance(described=described)
            expected = [f"web-{disk}.{described}" for disk in ("os", "data")]
            assert list(self._parsed(appliance).files) == expected

    def test_files_are_named_without_the_folder_of_the_build(self) -> None:
        """The documents go where the images go; where they were made means nothing there."""
        appliance = self._appliance()
        for document in self._describe(appliance):
            assert str(appliance.artifacts[0].path.parent) not in document.content

    def test_the_disk_that_boots_is_the_first(self) -> None:
        """Also where it is not the first disk of the plan."""
        plan = examples.plan()
        appliance = self._appliance(attrs.evolve(plan, boot_disk="data"))
        assert self._parsed(appliance).files[0] == f"web-data.{self.formats[0]}"

    @pytest.mark.parametrize("memory_bytes", [512 * _MIB, 1000 * _MIB, 24 * 1024 * _MIB])
    def test_memory_is_said_in_the_unit_that_readers_expect(self, memory_bytes: int) -> None:
        """What a reader makes of it is what was asked for, to the byte."""
        appliance = self._appliance(memory_bytes=memory_bytes)
        assert self._parsed(appliance).memory_bytes == memory_bytes

    @pytest.mark.parametrize("vcpus", [1, 2, 64])
    def test_processors_are_those_asked_for(self, vcpus: int) -> None:
        """As many as the machine has."""
        assert self._parsed(self._appliance(vcpus=vcpus)).vcpus == vcpus

    @pytest.mark.parametrize("nics", [0, 1, 3])
    def test_every_network_interface_is_there(self, nics: int) -> None:
        """None, one and several."""
        assert self._parsed(self._appliance(nics=nics)).nics == nics

    @pytest.mark.parametrize("firmware", list(Firmware))
    def test_a_machine_is_described_whatever_starts_it(self, firmware: Firmware) -> None:
        """BIOS, UEFI, or an image that starts on both."""
        assert self._parsed(self._appliance(firmware=firmware)).name == "web"

    def test_a_machine_without_graphics_is_described(self) -> None:
        """A screen is no condition."""
        assert self._parsed(self._appliance(has_graphics=False)).name == "web"

    @pytest.mark.parametrize("name", examples.HOSTILE_NAMES)
    def test_hostile_names_survive_a_parse(self, name: str) -> None:
        """What the user called the appliance is what its readers see, and so are its files."""
        appliance = self._appliance(examples.plan(name=name))
        parsed = self._parsed(appliance)
        assert parsed.name == name
        assert list(parsed.files) == [f"{name}-{disk}.{self.formats[0]}" for disk in ("os", "data")]

    @pytest.mark.parametrize("text", examples.HOSTILE_NAMES)
    def test_a_hostile_description_changes_nothing_else(self, text: str) -> None:
        """Whether it is shown or left out, the rest is read as without it."""
        plain = self._appliance()
        assert self._parsed(attrs.evolve(plain, description=text)) == self._parsed(plain)

    def _appliance(self, *arguments: Any, **fields: Any) -> Appliance:
        return examples.appliance(*arguments, formats=self.formats, **fields)

    def _describe(self, appliance: Appliance) -> tuple[Document, ...]:
        options = self.options if self.options is not None else self._info().options()
        documents: tuple[Document, ...] = self.answer(
            "applbuild_describe", appliance=appliance, options=options
        )
        return documents

    def _parsed(self, appliance: Appliance) -> Described:
        return self.parse(self._describe(appliance))
