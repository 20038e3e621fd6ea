"""What a system of RHEL is for."""

from __future__ import annotations

import json

from applbuild.model.plan import Plan
from applbuild.model.result import Tree
from applbuild.progress import Progress
from applbuild.tree import exists, write_file

# As subscription-manager writes it ("syspurpose", in its own words).
_FILE = "/etc/rhsm/syspurpose/syspurpose.json"


def set_purpose(plan: Plan, tree: Tree, progress: Progress) -> None:
    """Record what the system is for, where it has subscription-manager, which reads it."""
    purpose = plan.settings.purpose
    if purpose is None:
        return
    if not exists(tree, "/etc/rhsm"):
        message = "syspurpose: the installed system has no subscription-manager, which reads it"
        progress.remark(f"{purpose.place}: {message}", is_warning=True)
        return
    said = {
        "role": purpose.role,
        "service_level_agreement": purpose.service_level,
        "usage": purpose.usage,
        "addons": list(purpose.addons),
    }
    kept = {name: value for name, value in said.items() if value}
    write_file(tree, _FILE, json.dumps(kept, indent=2) + "\n")
