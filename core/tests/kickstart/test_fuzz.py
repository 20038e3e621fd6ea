from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from applbuild.errors import KickstartError
from applbuild.kickstart import account, read, to_json, to_text
from applbuild.kickstart.table import ENTRIES

OPTIONS = sorted(
    {name for entry in ENTRIES.values() for word in entry.words for name in word.names}
)
VALUES = ["/", "swap", "-1", "99999999999999999999", "''", "'", "\\", "=", ",", "$x", "a b", "@A@"]
word = st.one_of(
    st.sampled_from(sorted(ENTRIES)),
    st.sampled_from(OPTIONS),
    st.sampled_from(VALUES),
    st.text(max_size=8),
)
line = st.one_of(
    st.builds(
        lambda name, words: " ".join([name, *words]),
        st.sampled_from(sorted(ENTRIES)),
        st.lists(word, max_size=5),
    ),
    st.sampled_from(
        ["%end", "%include x", "%include web.ks", "%ksappend", "-", "@", "-@", "@^", ""]
    ),
    st.text(max_size=40),
)
kickstart = st.one_of(
    st.lists(line, max_size=12).map(lambda lines: "\n".join(lines).encode("utf-8", "replace")),
    st.binary(max_size=200),
)


@settings(max_examples=150, deadline=2000)
@given(kickstart)
def test_whatever_the_text_reading_it_gives_a_value_or_says_what_is_wrong(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "web.ks"
        path.write_bytes(content)
        try:
            told = account(path)
        except KickstartError:
            return
        assert to_json(told)
        assert list(to_text(told))
        try:
            read(path)
        except KickstartError:
            return
