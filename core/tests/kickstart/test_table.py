from __future__ import annotations

import warnings

import pytest
from pykickstart.handlers.control import commandMap
from pykickstart.parser import KickstartParser
from pykickstart.version import makeVersion

from applbuild.kickstart.apply import APPLY
from applbuild.kickstart.grammar import new_parser, vocabulary_of
from applbuild.kickstart.items import SECTIONS
from applbuild.kickstart.rules import Fate
from applbuild.kickstart.table import CHAPTERS, ENTRIES

EVERY = [entry for _, entries in CHAPTERS for entry in entries]


def is_removed(command) -> bool:
    return any(kind.__name__ == "RemovedCommand" for kind in type(command).__mro__)


def spellings(action) -> list[str]:
    return list(action.option_strings) or [f"<{action.dest}>"]


def test_the_table_has_every_command_and_section_that_pykickstart_knows():
    parser = new_parser()

    assert set(parser.handler.commands) | set(parser._sections) <= set(ENTRIES)
    assert set(SECTIONS) == set(parser._sections)


def test_the_table_has_every_option_and_argument_that_pykickstart_knows():
    unknown = [
        f"{name} {spelling}"
        for name, actions in vocabulary_of(new_parser()).items()
        if not ENTRIES[name].era
        for action in actions
        for spelling in spellings(action)
        if ENTRIES[name].word(spelling, "a value of its own") is None
    ]

    assert unknown == []


def test_the_table_has_what_older_syntaxes_knew():
    missing = set()
    for version in commandMap:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parser = KickstartParser(makeVersion(version))
            known = vocabulary_of(parser)
        for name, command in parser.handler.commands.items():
            if not is_removed(command) and name not in ENTRIES:
                missing.add(name)
        for name, actions in known.items():
            entry = ENTRIES.get(name)
            if entry is None or entry.era:
                continue
            missing |= {
                f"{name} {option}"
                for action in actions
                for option in action.option_strings
                if entry.word(option, "a value of its own") is None
            }

    assert missing == set()


def test_what_the_table_calls_removed_is_not_known_to_pykickstart_and_the_rest_is():
    parser = new_parser()
    known = vocabulary_of(parser)
    sections = {*parser._sections}
    for name, entry in ENTRIES.items():
        command = parser.handler.commands.get(name)
        is_known = name in sections or (command is not None and not is_removed(command))
        assert is_known is not bool(entry.era), name
        options = {spelling for action in known.get(name, ()) for spelling in spellings(action)}
        for word in entry.words:
            for option in word.names:
                assert not (word.era and option in options), f"{name} {option}"


def test_no_command_or_section_is_in_the_table_twice():
    names = [name for entry in EVERY for name in entry.names]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: entry.names[0])
def test_everything_in_the_table_says_why_and_what_is_refused_says_what_to_write(entry):
    assert entry.says
    assert entry.instead or entry.fate is not Fate.REFUSED
    for word in entry.words:
        assert bool(word.says) is (word.fate is not None)
        assert word.instead or word.fate is not Fate.REFUSED, word


def test_what_is_honoured_becomes_a_value():
    # These are honoured by what every image is like.
    done_anyway = {"zerombr", "reqpart"}

    for name, entry in ENTRIES.items():
        if entry.fate is Fate.HONOURED and name not in done_anyway:
            assert name in APPLY, name
