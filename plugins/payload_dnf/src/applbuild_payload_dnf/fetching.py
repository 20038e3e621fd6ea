"""The packages of a resolution: downloaded, and verified before anything is installed."""

from __future__ import annotations

from pathlib import Path

import attrs

from applbuild import Progress, Request, Resolution, Run, load_record, trim_cache
from applbuild_payload_dnf.dnf import private_dnf
from applbuild_payload_dnf.modules import asked_streams, switch
from applbuild_payload_dnf.options import DnfOptions
from applbuild_payload_dnf.record import Record, keep
from applbuild_payload_dnf.signatures import refuse_unverified
from applbuild_payload_dnf.sources import repositories_wanted
from applbuild_payload_dnf.store import download, locate, newest_seconds, sha256_of


def fetch(
    request: Request,
    resolution: Resolution,
    options: DnfOptions,
    cache: Path,
    run: Run,
    progress: Progress,
) -> Resolution:
    """Bring the packages into *cache*, verified, and return *resolution* with what they say.

    Raises:
        KickstartError: one is not signed as it must be.
        HostError: one cannot be downloaded.
    """
    record = load_record(Record, resolution.digest, cache)
    wanted = repositories_wanted(request, options)
    with private_dnf(wanted, cache, run) as dnf:
        switch(dnf, asked_streams(request))
        download(dnf, record.rows)
        files = locate(dnf, record.rows, wanted)
    by_repository: dict[str, tuple[Path, ...]] = {}
    for row in record.rows:
        former = by_repository.get(row.repository, ())
        by_repository[row.repository] = (*former, files[row.full_name])
    refuse_unverified(by_repository, record.repositories, options, run)
    checksums = {name: sha256_of(file) for name, file in files.items()}
    record = attrs.evolve(record, files=tuple((name, str(file)) for name, file in files.items()))
    digest = keep(record, checksums, cache)
    trim_cache(cache)
    total = sum(package.download_bytes for package in resolution.packages)
    progress.advance(total, total)
    return attrs.evolve(
        resolution,
        packages=tuple(
            attrs.evolve(package, sha256=checksums[row.full_name])
            for package, row in zip(resolution.packages, record.rows, strict=True)
        ),
        newest_seconds=newest_seconds(tuple(files.values()), run),
        digest=digest,
    )
