"""THE table: what becomes of every command, section and option of a kickstart."""

from __future__ import annotations

from applbuild.kickstart.rules import Entry, by_name
from applbuild.kickstart.table.accounts import ACCOUNTS
from applbuild.kickstart.table.installer import INSTALLER, SECTIONS
from applbuild.kickstart.table.software import SOFTWARE
from applbuild.kickstart.table.storage import STORAGE
from applbuild.kickstart.table.system import SYSTEM
from applbuild.kickstart.table.volumes import VOLUMES

CHAPTERS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    ("Disks, partitions and the boot loader", STORAGE),
    ("Volumes", VOLUMES),
    ("Software", SOFTWARE),
    ("Accounts", ACCOUNTS),
    ("The system", SYSTEM),
    ("The installer", INSTALLER),
    ("Sections", SECTIONS),
)
"""The table, in the order of the documentation."""
ENTRIES = by_name(entry for _, entries in CHAPTERS for entry in entries)
"""The table, by every name."""
