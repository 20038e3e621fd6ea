"""The language of the system."""

from __future__ import annotations

from collections.abc import Iterable

from applbuild.configure.guest_tools import ask
from applbuild.errors import KickstartError, ToolError
from applbuild.model.plan import Plan
from applbuild.model.result import Tree
from applbuild.model.settings import Language
from applbuild.run import Run
from applbuild.tree import exists, write_file

_BUILT_IN = ("C", "POSIX", "C.UTF-8", "C.utf8")
_SUPPORTED = "/usr/share/i18n/SUPPORTED"
_LOCALE_GEN = "/usr/sbin/locale-gen"


def set_language(plan: Plan, tree: Tree, run: Run) -> None:
    """Put the kickstart's locale into force, and have its further ones there, too.

    Debian's systems compile locales (locale-gen(8)); others bring them in packages.

    Raises:
        KickstartError: the system does not know one of them.
    """
    language = plan.settings.language
    if language is None:
        return
    wanted = [name for name in (language.locale, *language.further) if name not in _BUILT_IN]
    if wanted and exists(tree, _LOCALE_GEN):
        _generate(wanted, language, tree, run)
    elif wanted:
        _require(wanted, language, tree, run)
    write_file(tree, "/etc/locale.conf", f"LANG={language.locale}\n")
    if exists(tree, "/etc/debian_version"):
        write_file(tree, "/etc/default/locale", f"LANG={language.locale}\n")


def _generate(wanted: Iterable[str], language: Language, tree: Tree, run: Run) -> None:
    known, supported = tree.path("/etc/locale.gen"), tree.path(_SUPPORTED)
    lines = known.read_text(encoding="utf-8").splitlines() if known.is_file() else []
    kept = [line for line in lines if line.startswith("#") or not line.strip()]
    offered = supported.read_text(encoding="utf-8").splitlines() if supported.is_file() else []
    for name in wanted:
        spellings = _spellings(name)
        line = next((line for line in spellings if line in offered), None)
        if offered and line is None:
            raise _unknown(name, language, f"the names are those of {_SUPPORTED}")
        kept.append(line or spellings[0])
    write_file(tree, "/etc/locale.gen", "\n".join(kept) + "\n")
    ask(tree, run, [_LOCALE_GEN], f"lang {language.locale}", language.place)


def _spellings(name: str) -> tuple[str, ...]:
    """Return how locale.gen(5) may write *name*; only some of its lines repeat the encoding."""
    base, _, modifier = name.partition("@")
    language, _, encoding = base.partition(".")
    encoding = "UTF-8" if _plain(encoding) == "utf8" else encoding
    at = f"@{modifier}" if modifier else ""
    return f"{language}.{encoding}{at} {encoding}", f"{language}{at} {encoding}"


def _require(wanted: Iterable[str], language: Language, tree: Tree, run: Run) -> None:
    try:
        there = {_plain(name) for name in run.guest(tree, ["locale", "-a"]).stdout.split()}
    except ToolError as error:
        message = f"lang {language.locale}: the installed system cannot list its locales"
        raise KickstartError(f"{message}: {error.tail}", place=language.place) from error
    for name in wanted:
        if _plain(name) not in there:
            package = f"glibc-langpack-{name.partition('_')[0]}"
            raise _unknown(name, language, f"add the package that has it, e.g. {package}")


def _plain(name: str) -> str:
    """Return *name* as locale(1) lists it but for case: without hyphens in its encoding."""
    return name.lower().replace("-", "")


def _unknown(name: str, language: Language, hint: str) -> KickstartError:
    message = f"lang: the installed system has no locale {name}"
    return KickstartError(message, place=language.place, hint=hint)
