"""What a user can say to this backend: `--payload apt,recommends=yes`."""

from __future__ import annotations

from typing import Literal

import attrs


@attrs.frozen(kw_only=True)
class AptOptions:
    """The options of `--payload apt`."""

    recommends: bool = False
    """Install what packages recommend, not only what they depend on."""
    keyring: str | None = None
    """A file of keys in /etc or /usr that verifies the archives, besides the host's keyrings."""
    initramfs: Literal["appliance", "distribution"] = "appliance"
    """An initramfs with the drivers of the hypervisors that an appliance meets, or the
    distribution's own generic one."""
