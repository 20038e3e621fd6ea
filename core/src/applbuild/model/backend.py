"""How a backend introduces itself to the core."""

from __future__ import annotations

import shutil
from enum import IntEnum

import attrs


class Claim(IntEnum):
    """How much a backend wants a request for which the user named none."""

    NONE = 0
    WEAK = 1
    """It could."""
    FITS = 2
    """The request looks made for it."""
    ASKED = 3
    """The kickstart asks for it in so many words."""


@attrs.frozen
class Tool:
    """A program of the host, and what to install where it is missing."""

    command: str
    deb: str
    rpm: str
    version_option: str = "--version"
    """What makes it say which version it is; the manifest keeps the first line."""
    others: tuple[str, ...] = ()
    """Commands that take its place, the best first; distributions name programs differently."""

    @property
    def commands(self) -> tuple[str, ...]:
        """Every name it has, the best first; `Run.find` says which is there."""
        return (*self.others, self.command)


@attrs.frozen
class NoOptions:
    """The options class of a backend that has none."""


@attrs.frozen(kw_only=True)
class BackendInfo:
    """What the core must know of a backend before it calls it."""

    summary: str
    api: int
    """The HOOK_API it was written for."""
    tools: tuple[Tool, ...] = ()
    options: type[object] = NoOptions
    """A frozen attrs class; each field is an option, its type says which values are valid."""
    kickstart_options: tuple[str, ...] = ()
    """The options of the kickstart that it honours, without dashes; a build says which others the
    kickstart has. Of a payload: those of `url`, `repo`, `liveimg`, `%packages` and its groups, and
    `module` if it knows that command; of a filesystem: `bytes-per-inode` of `part`."""
    extension: str = ""
    """Of a format: the file name extension without the dot."""
    label_bytes: int | None = None
    """Of a filesystem: how long a label can be, in UTF-8; None where it knows no limit."""
    identifier_bits: int = 128
    """Of a filesystem: 128 where its identifier is a UUID, 32 where it is a FAT volume id."""
    own_folders: tuple[str, ...] = ()
    """Of a filesystem: what it has in its uppermost folder from the beginning, as `lost+found`."""
    sets_labels: bool | None = None
    """Of a filesystem: whether it sets the SELinux labels of the tree. False where it can hold
    none; with None, which does not say, the guest labels its files when it first starts."""


@attrs.frozen(kw_only=True)
class Host:
    """The machine that builds: what can be known of it before anything runs."""

    architecture: str
    distribution: str
    """ID of os-release(5)."""
    family: tuple[str, ...]
    """ID and ID_LIKE of os-release(5)."""
    codename: str
    path: str
    """Where commands are looked for, as PATH has it."""

    def has(self, command: str) -> bool:
        """Return whether *command* can be run here."""
        return shutil.which(command, path=self.path) is not None
