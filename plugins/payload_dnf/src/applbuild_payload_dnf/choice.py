"""What dnf would install: its table, and what its index says of each package."""

from __future__ import annotations

import re

import attrs

from applbuild import ToolError
from applbuild_payload_dnf.dnf import Dnf
from applbuild_payload_dnf.logins import without_login

_HEADINGS = {
    "Installing:": "asked",
    "Installing group/module packages:": "profile",
    "Installing dependencies:": "dependency",
    "Installing weak dependencies:": "recommended",
    "Skipping packages with conflicts:": "skipped",
    "Skipping packages with broken dependencies:": "skipped",
}
# A row of the table that both generations print: name, architecture, version, repository, size.
_ROW = re.compile(r"(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+[\d.,]+\s*[A-Za-z]*")
_HOW_MANY = re.compile(r"^ *Install(?:ing:)? +(\d+) +[Pp]ackages?$", re.MULTILINE)
_FIELDS = ("name", "epoch", "version", "release", "arch", "repoid", "downloadsize", "installsize")
# Names that nothing is found for, as dnf 4 and dnf 5 say it.
_ABSENT = re.compile(r"No match for argument: (.+)")
_FILTERED = re.compile(
    r"All matches were filtered out by .+ for argument: (.+)"
    r"|Argument '(.+)' matches only excluded packages"
)
# librepo's words for a transfer that failed; dnf 5 says the address again after them.
_TRANSFER = re.compile(r"(?:Curl error|Status code)\b.*?(?= - http|$)", re.MULTILINE)
# What surrounds a complaint: progress and headings, advice.
_BEFORE = re.compile(r"\A[\s\S]*?^(?:Error: *|Failed to resolve the transaction:)\n?", re.MULTILINE)
_AFTER = re.compile(r"^(?:\(try to add|You can try to add)[\s\S]*", re.MULTILINE)
_FORMAT = "|".join(f"%{{{field}}}" for field in _FIELDS) + "\n"


@attrs.frozen(kw_only=True)
class Row:
    """A package that dnf chose."""

    name: str
    architecture: str
    version: str
    """With its epoch, if that is not 0, and its release."""
    repository: str
    kind: str
    """`asked`, `profile` (of a module), `dependency`, `recommended`; or `skipped`."""

    @property
    def full_name(self) -> str:
        """How dnf knows exactly this one: name-epoch:version-release.architecture."""
        epoch = "" if ":" in self.version else "0:"
        return f"{self.name}-{epoch}{self.version}.{self.architecture}"

    @property
    def file_name(self) -> str:
        """What its file is called: name-version-release.architecture.rpm."""
        return (
            f"{self.name}-{self.version.partition(':')[2] or self.version}.{self.architecture}.rpm"
        )


@attrs.frozen(kw_only=True)
class Sizes:
    """How large a package is, in bytes."""

    download_bytes: int
    installed_bytes: int


@attrs.frozen(kw_only=True)
class Choice:
    """What dnf would install."""

    rows: tuple[Row, ...]
    skipped: tuple[Row, ...]
    """What it leaves out because it contradicts others; `--skip-broken` allows that."""
    absent: tuple[str, ...]
    """The names that it found nothing for."""
    filtered: tuple[str, ...]
    """The names of which all is left out by options of repositories, or belongs to modules."""
    complaint: str
    """Why it installs nothing, where it does not."""


def choose(dnf: Dnf, names: tuple[str, ...], excluded: tuple[str, ...], *words: str) -> Choice:
    """Return what dnf would install for *names*.

    Raises:
        ToolError: its table cannot be read.
    """
    quiet = ["--quiet"] if dnf.generation == 5 else []
    exclusions = [f"--exclude={name}" for name in excluded]
    command = ("install", "--assumeno", *words, "--", *names)
    ran = dnf(*quiet, *exclusions, *command, is_checked=False)
    said = ran.stdout + ran.stderr
    found = _rows(ran.stdout)
    rows = tuple(row for row in found if row.kind != "skipped")
    told = _HOW_MANY.search(ran.stdout)
    if int(told[1] if told else 0) != len(rows):
        raise ToolError(("dnf", *command), ran.returncode, f"its table is not understood:\n{said}")
    return Choice(
        rows=rows,
        skipped=tuple(row for row in found if row.kind == "skipped"),
        absent=_names(_ABSENT, said),
        filtered=_names(_FILTERED, said),
        complaint=complaint(ran.stderr.strip() or ran.stdout.strip()),
    )


def _names(pattern: re.Pattern[str], said: str) -> tuple[str, ...]:
    matches = (next(filter(None, match.groups())).strip() for match in pattern.finditer(said))
    return tuple(dict.fromkeys(matches))


def complaint(said: str) -> str:
    """Return what dnf said of its trouble, without logins or its advice to people who type."""
    said = _BEFORE.sub("", without_login(said), count=1)
    return "\n".join(_AFTER.sub("", said).strip().splitlines()[:20])


def _rows(printed: str) -> tuple[Row, ...]:
    """Return the packages of the table that dnf printed; long rows go over several lines."""
    found: list[Row] = []
    kind, pending = "", ""
    for line in printed.splitlines():
        if not line.startswith(" "):
            kind, pending = _HEADINGS.get(line.strip(), ""), ""
        elif kind:
            pending = f"{pending} {line.strip()}".strip()
            row = _ROW.fullmatch(pending)
            if row:
                name, architecture, version, repository = row.groups()
                found.append(
                    Row(
                        name=name,
                        architecture=architecture,
                        version=version.removeprefix("0:"),
                        repository=repository,
                        kind=kind,
                    )
                )
                pending = ""
    return tuple(found)


def refresh(dnf: Dnf) -> str:
    """Bring the indexes of all repositories up to date; return what went wrong, or nothing."""
    ran = dnf("--refresh", "makecache", is_checked=False)
    return f"{ran.stdout}\n{ran.stderr}".strip() if ran.returncode else ""


def available(dnf: Dnf) -> frozenset[str]:
    """Return the names of all packages of the repositories that may be installed."""
    printed = dnf("--quiet", "repoquery", "--queryformat", "%{name}\n").stdout
    return frozenset(line for line in printed.splitlines() if line)


def transfers(said: str) -> str:
    """Return the reasons why something could not be downloaded, each once, as dnf *said* them."""
    said = without_login(said)
    found = (match[0] for match in _TRANSFER.finditer(said))
    lines = list(dict.fromkeys(found)) or [line for line in said.splitlines() if "rror" in line]
    return "\n".join(dict.fromkeys(line.strip() for line in lines[:10])) or said


def sizes(dnf: Dnf, chosen: tuple[Row, ...]) -> dict[str, Sizes]:
    """Return the sizes of *chosen*, by their full names."""
    query = ["--quiet", "repoquery", "--queryformat", _FORMAT]
    printed = dnf(*query, *(row.full_name for row in chosen)).stdout
    found = {}
    for line in filter(None, printed.splitlines()):
        name, epoch, version, release, arch, repository, download, installed = line.split("|")
        full = f"{name}-{epoch or 0}:{version}-{release}.{arch}@{repository}"
        found[full] = Sizes(download_bytes=int(download), installed_bytes=int(installed))
    return found
