"""What is delivered beside the images: the manifest and the checksums."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import applbuild
from applbuild.json_form import to_json
from applbuild.model.plan import Plan
from applbuild.model.result import Appliance, Document

MANIFEST = "manifest.json"
CHECKSUMS = "SHA256SUMS"


def write_documents(
    directory: Path,
    plan: Plan,
    appliance: Appliance,
    documents: tuple[Document, ...],
    tools: tuple[tuple[str, str], ...],
) -> None:
    """Write *documents*, the manifest and SHA256SUMS into *directory*."""
    sums = {artifact.path.name: artifact.sha256 for artifact in appliance.artifacts}
    manifest = manifest_of(plan, appliance, documents, tools)
    for document in (*documents, Document(name=MANIFEST, content=manifest)):
        data = document.content.encode()
        (directory / document.name).write_bytes(data)
        sums[document.name] = hashlib.sha256(data).hexdigest()
    lines = [f"{digest}  {name}" for name, digest in sorted(sums.items())]
    (directory / CHECKSUMS).write_text("\n".join(lines) + "\n", encoding="utf-8")


def manifest_of(
    plan: Plan,
    appliance: Appliance,
    documents: tuple[Document, ...],
    tools: tuple[tuple[str, str], ...],
) -> str:
    """Return the manifest: what was built, from what and with what. It holds no time of its own."""
    record: dict[str, Any] = {
        "applbuild": applbuild.__version__,
        "name": plan.name,
        "images": [
            {
                "file": artifact.path.name,
                "disk": artifact.disk,
                "format": artifact.format,
                "variant": artifact.variant,
                "size_bytes": artifact.size_bytes,
                "virtual_bytes": artifact.virtual_bytes,
                "sha256": artifact.sha256,
            }
            for artifact in appliance.artifacts
        ],
        "documents": [document.name for document in documents],
        "tools": dict(tools),
        "plan": to_json(plan),
    }
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def delivered(directory: Path) -> set[str]:
    """Return the names of the files that a build delivered into *directory*."""
    try:
        lines = (directory / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    return {CHECKSUMS, MANIFEST, *(line.partition("  ")[2] for line in lines)}


def is_ours(directory: Path) -> bool:
    """Return whether *directory* is an output of applbuild."""
    try:
        record = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and "applbuild" in record
