"""The way from a file to a Request, and to an account of the file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs

from applbuild.errors import KickstartError, ProblemsError
from applbuild.kickstart.account import Account, AccountLine
from applbuild.kickstart.apply import APPLY, count_interfaces
from applbuild.kickstart.grammar import Statement, parse
from applbuild.kickstart.items import split
from applbuild.kickstart.judge import judge, problems_of, shown
from applbuild.kickstart.passwords import secrets_of
from applbuild.kickstart.reading import Reading
from applbuild.kickstart.table import ENTRIES
from applbuild.kickstart.templates import refuse_template, suspect_template
from applbuild.kickstart.text import INCLUDES, Text, load
from applbuild.kickstart.words import hide_credentials
from applbuild.model.problem import Place, Problem, Severity
from applbuild.model.request import Request


@attrs.frozen(kw_only=True)
class _Understood:
    """A file whose syntax is right."""

    statements: tuple[Statement, ...]
    problems: tuple[Problem, ...]
    order: Mapping[Place, int]
    """Where each line comes in the order of reading."""
    texts: Mapping[Place, str]


def read(
    path: Path, *, is_strict: bool = False, must_include: bool = True, may_fetch: bool = True
) -> Reading:
    """Return what the kickstart at *path* asks for, and its password hashes.

    The problems of the request are everything that is not honoured to the
    letter, in the order of the file; what older syntaxes allowed is repaired,
    and a note. With *must_include* false, files that cannot be included are
    problems, too; so are, with *may_fetch* false, those that are not of this host.

    Raises:
        KickstartError: the file cannot be read, or is a template; with *is_strict*
            also where it needs a repair.
    """
    text = load(path, must_include=must_include, may_fetch=may_fetch)
    understood = _understand(text, is_strict=is_strict)
    reading = _with_secrets(_apply(path, understood.statements), understood.statements)
    judged = (found for statement in understood.statements for found in problems_of(statement))
    problems = dict.fromkeys((*understood.problems, *judged, *reading.request.problems))
    ordered = sorted(problems, key=lambda problem: _position(problem, understood.order))
    return attrs.evolve(reading.evolve(problems=tuple(ordered)), is_whole=not text.problems)


def account(path: Path, *, is_strict: bool = False) -> Account:
    """Return what becomes of each line of the kickstart at *path*. Nothing is run or fetched.

    Raises:
        KickstartError: the file cannot be read, as with `read`.
    """
    text = load(path, must_include=False, may_fetch=False)
    understood = _understand(text, is_strict=is_strict)
    reading = _apply(path, understood.statements)
    problems = dict.fromkeys((*understood.problems, *reading.request.problems))
    ordered = sorted(problems, key=lambda problem: _position(problem, understood.order))
    told = {
        statement.item.place: AccountLine(
            place=statement.item.place, text=shown(statement), verdicts=judge(statement)
        )
        for statement in understood.statements
    }
    for problem in ordered:
        place = problem.place or Place(path.name, 1)
        text_here = _shown_of_no_statement(understood.texts.get(place, ""))
        line = told.get(place, AccountLine(place=place, text=text_here))
        told[place] = attrs.evolve(line, problems=(*line.problems, problem))
    lines = sorted(told.values(), key=lambda line: understood.order.get(line.place, -1))
    return Account(kickstart=path.name, lines=tuple(lines))


def _shown_of_no_statement(text: str) -> str:
    """Return the line *text* as it may be shown: what is no command may be anything."""
    words = text.split()
    if len(words) < 2 or words[0] in INCLUDES:
        return hide_credentials(text.strip())
    return f"{words[0]} ..."


def _apply(path: Path, statements: tuple[Statement, ...]) -> Reading:
    digest = _digest(statements)
    request = Request(
        name=path.stem,
        kickstart=path.name,
        digest=digest,
        nics=count_interfaces(statements),
    )
    reading = Reading(request)
    for statement in statements:
        apply = APPLY.get(statement.item.name)
        if apply is not None and _is_understood(statement):
            reading = apply(reading, statement)
    return reading


def _is_understood(statement: Statement) -> bool:
    """Return whether *statement* can be applied, which needs pykickstart for newer commands."""
    is_ours_alone = statement.item.is_section or bool(statement.entry.era)
    return statement.data is not None or is_ours_alone


def _with_secrets(reading: Reading, statements: tuple[Statement, ...]) -> Reading:
    digest = reading.request.digest
    secrets = secrets_of(statements, reading.request.settings, digest)
    # Passwords count by their hashes: a digest of the text itself would let everybody
    # who has the kickstart without them try passwords as fast as SHA-256 goes.
    hashes = "".join(f"{user}:{hashed}\n" for user, hashed in secrets.hashes)
    digest = hashlib.sha256(f"{digest}\n{hashes}{secrets.boot_hash or ''}".encode()).hexdigest()
    return attrs.evolve(reading.evolve(digest=digest), secrets=secrets)


def _understand(text: Text, *, is_strict: bool) -> _Understood:
    items = split(text)
    refuse_template(items.items)
    parsed = parse(items.items)
    repairs = (*items.repairs, *parsed.repairs)
    errors = (*items.errors, *parsed.errors)
    if parsed.errors and not any(item.name in ENTRIES for item in items.items):
        errors = (_fragment(parsed.errors[0]),)
    if is_strict:
        errors += tuple(attrs.evolve(repair, severity=Severity.ERROR) for repair in repairs)
    order = {line.place: number for number, line in enumerate(text.seen)}
    _refuse(tuple(sorted(errors, key=lambda error: _position(error, order))))
    return _Understood(
        statements=parsed.statements,
        problems=(*text.problems, *repairs, *parsed.notes, *suspect_template(items.items)),
        order=order,
        texts={line.place: line.text for line in text.seen},
    )


def _position(problem: Problem, order: Mapping[Place, int]) -> int:
    return order.get(problem.place, -1) if problem.place else -1


def _fragment(first: Problem) -> Problem:
    return attrs.evolve(
        first,
        message=f"{first.message}, nor is anything else here",
        hint="a list of packages, or a script, is read where a section includes it",
    )


def _refuse(errors: tuple[Problem, ...]) -> None:
    if len(errors) == 1:
        raise KickstartError(errors[0].message, place=errors[0].place, hint=errors[0].hint)
    if errors:
        raise ProblemsError(errors)


def _digest(statements: Iterable[Statement]) -> str:
    """Return the digest of *statements*, without passwords, places, and comments on commands."""
    digest = hashlib.sha256()
    for statement in statements:
        digest.update(shown(statement).encode() + b"\n")
        for line in statement.item.body or ():
            digest.update(line.text.encode() + b"\n")
        if statement.item.is_section:
            digest.update(b"%end\n")
    return digest.hexdigest()
