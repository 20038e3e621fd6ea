"""What a user can say to this backend: `--payload dnf,releasever=41`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import attrs


@attrs.frozen(kw_only=True)
class DnfOptions:
    """The options of `--payload dnf`."""

    releasever: str | None = None
    """What `$releasever` stands for in addresses of repositories."""
    keys: tuple[Path, ...] = ()
    """Files of public keys that verify packages, besides those in the host's /etc/pki/rpm-gpg."""
    unsigned: tuple[str, ...] = ()
    """Names of repositories whose packages are taken without a signature."""
    repofile: tuple[Path, ...] = ()
    """Files of repositories (dnf.conf(5)) to use besides those of the kickstart."""
    initramfs: Literal["appliance", "distribution"] = "appliance"
    """An initramfs with the drivers of the hypervisors that an appliance meets, or the
    distribution's own generic one."""
