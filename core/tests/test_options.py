from __future__ import annotations

from typing import Literal

import attrs
import pytest

from applbuild.errors import UsageError
from applbuild.model.backend import NoOptions
from applbuild.model.request import BackendRequest
from applbuild.options import fill, parse_backend


@attrs.frozen(kw_only=True)
class Options:
    subformat: Literal["sparse", "stream"] = "sparse"
    cluster_bytes: int = 65536
    limit: int | None = None
    compress: bool = False
    comment: str = ""


def filled(text):
    return fill(Options, parse_backend(text), "format")


def test_a_name_alone_is_a_backend_without_options():
    assert parse_backend("qcow2") == BackendRequest(name="qcow2")


def test_options_follow_the_name_after_commas_and_keep_their_order():
    asked = parse_backend("vmdk,subformat=stream,comment=a")

    assert asked.name == "vmdk"
    assert asked.options == (("subformat", "stream"), ("comment", "a"))


def test_a_value_may_contain_an_equals_sign():
    assert parse_backend("raw,comment=a=b").options == (("comment", "a=b"),)


@pytest.mark.parametrize(
    "text", ["vmdk,4M", "vmdk,subformat=stream,4M", "vmdk,=4M", "vmdk,", "a,,b=c"]
)
def test_a_word_that_is_no_option_is_refused_with_the_way_to_write_it(text):
    with pytest.raises(UsageError, match="is not an option") as caught:
        parse_backend(text)

    assert caught.value.hint == "write name,key=value,key=value"


def test_an_option_given_twice_is_refused():
    with pytest.raises(UsageError, match="comment is given twice"):
        parse_backend("vmdk,comment=a,comment=a")


@pytest.mark.parametrize("text", ["qcow2", "vmdk,subformat=stream,comment=x"])
def test_a_request_prints_as_it_was_typed(text):
    assert str(parse_backend(text)) == text


def test_what_is_not_typed_keeps_the_backends_default():
    assert filled("vmdk") == Options()


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("subformat=stream", "subformat", "stream"),
        ("cluster_bytes=4096", "cluster_bytes", 4096),
        ("cluster_bytes=2MiB", "cluster_bytes", 2 * 1024 * 1024),
        ("cluster_bytes=0", "cluster_bytes", 0),
        ("limit=7", "limit", 7),
        ("compress=yes", "compress", True),
        ("compress=On", "compress", True),
        ("compress=TRUE", "compress", True),
        ("compress=no", "compress", False),
        ("compress=off", "compress", False),
        ("comment=", "comment", ""),
        ("comment=42", "comment", "42"),
    ],
)
def test_a_value_becomes_what_the_field_is_declared_to_be(text, field, value):
    found = getattr(filled(f"vmdk,{text}"), field)

    assert found == value
    assert type(found) is type(value)


def test_an_unknown_key_is_refused_with_all_valid_ones():
    with pytest.raises(UsageError) as caught:
        filled("vmdk,sub=stream")

    assert caught.value.message == (
        "--format vmdk has no option 'sub'; valid are: "
        "subformat, cluster_bytes, limit, compress, comment"
    )


def test_a_backend_without_options_says_that_none_is_valid():
    with pytest.raises(UsageError, match="has no option 'a'; valid are: none"):
        fill(NoOptions, parse_backend("raw,a=b"), "format")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("subformat=thick", "valid values are: sparse, stream"),
        ("compress=maybe", "valid values are: yes, no"),
        ("cluster_bytes=big", "'big' is not a size"),
        ("cluster_bytes=-1", "'-1' is not a size"),
        ("limit=none", "'none' is not a size"),
    ],
)
def test_a_wrong_value_is_refused_with_what_was_typed_and_what_is_valid(text, why):
    with pytest.raises(UsageError) as caught:
        filled(f"vmdk,{text}")

    assert caught.value.message.startswith(f"--format vmdk,{text}: {why}")


def test_a_wrong_option_is_a_usage_error():
    with pytest.raises(UsageError) as caught:
        filled("vmdk,sub=stream")

    assert caught.value.exit_code == 2


@attrs.frozen(kw_only=True)
class Demanding:
    level: int = attrs.field(default=1, validator=attrs.validators.le(9))


@attrs.frozen(kw_only=True)
class Needy:
    key: str


@pytest.mark.parametrize(("options", "text"), [(Demanding, "gzip,level=99"), (Needy, "gzip")])
def test_what_the_options_class_itself_refuses_is_a_usage_error(options, text):
    with pytest.raises(UsageError):
        fill(options, parse_backend(text), "format")


def test_the_case_of_a_key_does_not_matter_and_it_comes_once():
    assert parse_backend("vmdk,toolsVersion=3").options == (("toolsversion", "3"),)
    with pytest.raises(UsageError, match="twice"):
        parse_backend("vmdk,toolsVersion=3,toolsversion=4")
