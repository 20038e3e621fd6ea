"""A private apt: it knows the archives of one build and nothing of the host's packages."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from applbuild import KickstartError, Progress, Ran, Run
from applbuild_payload_apt.archives import Archive, Login, as_logins, as_sources
from applbuild_payload_apt.index import Index, parse_index

HELPER = "/usr/lib/apt/apt-helper"
_ETC = Path("/etc/apt")
_KEYRINGS = tuple(
    Path("/usr/share/keyrings", name)
    for name in ("debian-archive-keyring.gpg", "ubuntu-archive-keyring.gpg")
)
# Of the host's configuration only how it reaches archives; not which indexes it keeps.
_HONOURED = re.compile(r"Acquire::(?!IndexTargets|Languages|GzipIndexes|CompressionTypes)")
_CONFIGURATION = """
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "{state}/sources";
Dir::Etc::preferences "{private}/preferences";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::trusted "/dev/null";
Dir::Etc::trustedparts "{private}/trusted";
Dir::State "{state}";
Dir::State::status "{state}/status";
Dir::Cache "{state}";
Dir::Cache::srcpkgcache "";
Dir::Log "/dev/null";
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "root";
APT::Install-Recommends "{recommends}";
APT::Get::AllowUnauthenticated "false";
APT::Get::Never-Include-Phased-Updates "true";
APT::Update::Error-Mode "any";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::Languages "none";
"""
_TARGET = "$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)"


@attrs.frozen(kw_only=True)
class Wanted:
    """What a private apt is made for."""

    archives: tuple[Archive, ...]
    architecture: str
    """As dpkg calls it."""
    logins: tuple[Login, ...] = ()
    keyring: Path | None = None
    """A keyring that is trusted besides the host's."""
    has_recommends: bool = False
    unwanted: tuple[str, ...] = ()
    """Names and globs that may not be installed."""
    versions: tuple[tuple[str, str], ...] = ()
    """The version (or glob) of packages that one is asked of."""


@attrs.frozen(kw_only=True)
class Apt:
    """Apt's programs, run with a configuration of their own."""

    configuration: Path
    run: Run

    def __call__(self, *argv: str, is_checked: bool = True) -> Ran:
        """Run a program of apt.

        Raises:
            ToolError: it did not end in 0, unless *is_checked* is false.
        """
        environment = {"APT_CONFIG": os.fspath(self.configuration)}
        return self.run(argv, environment=environment, is_checked=is_checked)


@contextmanager
def private_apt(wanted: Wanted, cache: Path, run: Run) -> Iterator[Apt]:
    """Yield an apt that knows *wanted*; its indexes stay in *cache*, a folder for each set.

    Builds that share the archives wait for each other.
    """
    sources = as_sources(wanted.archives)
    key = hashlib.sha256(f"{sources}\n{wanted.architecture}".encode()).hexdigest()[:16]
    state = cache / "indexes" / key
    (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (state / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    (state / "sources").mkdir(exist_ok=True)
    with (
        (state / "lock").open("w") as lock,
        tempfile.TemporaryDirectory(prefix="apt-") as private,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.utime(state)  # it is in use: `trim_cache` goes by that
        for name, text in (("status", ""), ("sources/applbuild.sources", sources)):
            # Written anew they would be newer than apt's own cache, which it would throw away.
            if not (state / name).is_file():
                (state / name).write_text(text, encoding="utf-8")
        _write_private(wanted, Path(private))
        values = {
            "state": state,
            "private": private,
            "architecture": wanted.architecture,
            "recommends": str(wanted.has_recommends).lower(),
        }
        configuration = write_access(wanted.logins, Path(private), run)
        with configuration.open("a", encoding="utf-8") as out:
            out.write(_CONFIGURATION.format(**values))
        yield Apt(configuration=configuration, run=run)


def write_access(logins: tuple[Login, ...], private: Path, run: Run) -> Path:
    """Return a new apt.conf(5) in *private*: how the host reaches archives, and *logins*.

    Proxies, certificates, retries are the host's; nothing else of its configuration is.
    """
    host = _ETC / "auth.conf"
    known = host.read_text(encoding="utf-8") if os.access(host, os.R_OK) else ""
    netrc = _write_secret(private / "auth.conf", as_logins(logins) + known)
    dumped = run(["apt-config", "dump"]).stdout.splitlines()
    lines = [line for line in dumped if _HONOURED.match(line)]
    # Logins of the host, as far as this user may read them; apt fails on what it cannot read.
    parts = _ETC / "auth.conf.d"
    if parts.is_dir() and all(os.access(file, os.R_OK) for file in parts.iterdir()):
        lines.append(f'Dir::Etc::netrcparts "{parts}";')
    else:
        lines.append('Dir::Etc::netrcparts "/dev/null";')
    lines.append(f'Dir::Etc::netrc "{netrc}";')
    return _write_secret(private / "apt.conf", "\n".join(lines) + "\n")


def _write_private(wanted: Wanted, private: Path) -> None:
    rules = [(name, "*", -1) for name in wanted.unwanted]
    rules += [(name, version, 1001) for name, version in wanted.versions]
    pins = (f"Package: {name}\nPin: version {v}\nPin-Priority: {n}\n" for name, v, n in rules)
    (private / "preferences").write_text("\n".join(pins), encoding="utf-8")
    trusted = private / "trusted"
    trusted.mkdir()
    own = (wanted.keyring,) if wanted.keyring else ()
    keyrings = [*own, *_KEYRINGS, *(_ETC / "trusted.gpg.d").glob("*.[ga][ps][gc]")]
    for number, keyring in enumerate(file for file in keyrings if file.is_file()):
        (trusted / f"{number}{keyring.suffix}").symlink_to(keyring)


def _write_secret(file: Path, text: str) -> Path:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    return file


def update(apt: Apt, archives: tuple[Archive, ...], progress: Progress) -> dict[Archive, str]:
    """Bring the indexes up to date; return what each of *archives* calls its origin.

    Where an archive cannot be reached the index of an earlier build will do; a
    remark says so.

    Raises:
        KickstartError: an archive is not there, or nothing verifies its signature.
    """
    ran = apt("apt-get", "update", is_checked=False)
    present = {}
    listing = apt("apt-get", "indextargets", "--format", _TARGET, "Created-By: Packages").stdout
    for line in listing.splitlines():
        uri, suite, component, origin = line.split(" ", 3)
        present[(uri.rstrip("/"), suite, component)] = origin
    origins = {}
    for archive in archives:
        keys = [(archive.uri, archive.suite, component) for component in archive.components]
        if any(key not in present for key in keys):
            raise _refusal(archive, ran)
        origins[archive] = present[keys[0]]
    if ran.returncode:
        progress.remark(
            f"the indexes of an earlier build are used: {_complaint(ran, '')}", is_warning=True
        )
    return origins


def _complaint(ran: Ran, about: str) -> str:
    """Return what apt has to say of *about*, else the first that it has to say."""
    lines = [line for line in ran.stderr.splitlines() if line.startswith(("E: ", "W: "))]
    lines = [line for line in lines if about in line] or lines
    return lines[0][3:].strip() if lines else ran.stderr.strip()


def _refusal(archive: Archive, ran: Ran) -> KickstartError:
    unsigned = ("NO_PUBKEY", "not signed", "signature", "Missing key", "sqv")
    if any(word in ran.stderr for word in unsigned):
        return KickstartError(
            f"nothing on this host verifies the archive {archive}: {_complaint(ran, archive.uri)}",
            hint="install its keyring (debian-archive-keyring, ubuntu-archive-keyring), "
            "or name one: --payload apt,keyring=FILE",
        )
    return KickstartError(
        f"the archive {archive} cannot be used: "
        f"{_complaint(ran, archive.uri) or 'it has no such component'}",
        hint="an archive is named as URL/dists/SUITE/COMPONENT",
    )


def available(apt: Apt) -> Index:
    """Return every package that *apt* could install."""
    return parse_index(apt("apt-cache", "dumpavail").stdout)


def choose(apt: Apt, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return address and file name of each package that installing *names* comes to.

    Raises:
        KickstartError: they cannot be installed together; apt's own words say why.
    """
    ran = apt("apt-get", "install", "--yes", "--quiet", "--print-uris", *names, is_checked=False)
    if ran.returncode:
        _, found, why = ran.stdout.partition("unmet dependencies:\n")
        raise KickstartError(
            f"these packages cannot be installed together:\n{why.rstrip()}"
            if found
            else f"apt cannot choose the packages: {_complaint(ran, '')}",
            hint="an excluded package may be what another one needs",
        )
    matches = re.findall(r"^'(\S+)' (\S+\.deb) ", ran.stdout, re.MULTILINE)
    return tuple((address, file) for address, file in matches)
