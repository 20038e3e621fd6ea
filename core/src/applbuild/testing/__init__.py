"""The kit for authors of backends: test classes to inherit, and what they are made of.

Each role has a module with a class. A backend's own tests inherit it:

    from applbuild.testing.formats import FormatConformance

    class TestVdi(FormatConformance):
        backend = my_vdi_backend
        qemu_format = "vdi"

It needs pytest and hypothesis, which applbuild itself does not.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    *(
        f"applbuild.testing.{name}"
        for name in ("contract", "descriptors", "disks", "filesystems", "formats", "payloads")
    )
)
