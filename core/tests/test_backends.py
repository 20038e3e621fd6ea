from __future__ import annotations

import re
import sys

import pytest

from applbuild.backends import Backends, distribution_of, installed
from applbuild.errors import BackendError, KickstartError, UsageError
from applbuild.model.backend import BackendInfo, Claim, Host, NoOptions
from applbuild.model.request import BackendRequest, Firmware, Request
from applbuild.model.result import Appliance, Document, Machine
from applbuild.options import parse_backend

REQUEST = Request(name="web", kickstart="web.ks", digest="d")
HOST = Host(architecture="x86_64", distribution="debian", family=("debian",), codename="", path="")
MACHINE = Machine(architecture="x86_64", vcpus=1, memory_bytes=1, firmware=Firmware.BIOS, disks=())
APPLIANCE = Appliance(name="web", machine=MACHINE, artifacts=(), described="raw")

HEAD = """\
from applbuild import BackendInfo, Claim, Document, KickstartError, hookimpl
"""
INFO = """
@hookimpl
def applbuild_info():
    return BackendInfo(summary="tea", api=1)
"""
GOOD = HEAD + INFO
DESCRIBES = (
    GOOD
    + """
@hookimpl
def applbuild_describe(appliance):
    return (Document(name=f"{appliance.name}.tea", content=""),)
"""
)


def claiming(claim):
    return (
        GOOD
        + f"""
@hookimpl
def applbuild_claim(request, host):
    return {claim}
"""
    )


@pytest.fixture
def offers(distribution):
    """Installs a distribution with one descriptor; returns the name of its module."""

    def install(source, name="acme-tea", distribution_name="acme-teas", version="1.0"):
        group = {"applbuild.descriptor": {name: "tea"}}
        return distribution(distribution_name, group, {"tea": source}, version)["tea"]

    return install


@pytest.fixture
def extended(distribution):
    """Installs a distribution with an extension."""

    def install(source):
        return distribution("acme-extras", {"applbuild.extension": {"acme": "ex"}}, {"ex": source})

    return install


def refused(name="acme-tea", role="descriptor"):
    with pytest.raises(BackendError) as caught:
        Backends().info(role, name)
    return caught.value


def described(backends=None, name="acme-tea"):
    return (backends or Backends()).call(
        "applbuild_describe", "descriptor", name, appliance=APPLIANCE, options=NoOptions()
    )


# Finding one.


def test_a_backend_is_called_by_its_name(offers):
    offers(DESCRIBES)

    assert described() == (Document(name="web.tea", content=""),)


def test_a_missing_backend_is_named_with_what_is_installed_and_what_brings_it(offers):
    offers(GOOD)

    error = refused("acme-coffee")

    assert error.message.startswith("no descriptor named 'acme-coffee' is installed (installed: ")
    assert "acme-tea" in error.message
    assert error.hint == "install applbuild-descriptor-acmecoffee, if there is such a distribution"
    assert error.exit_code == 4


@pytest.mark.parametrize(
    ("role", "name", "distribution_name"),
    [
        ("format", "vmdk", "applbuild-format-vmdk"),
        ("descriptor", "virt-image", "applbuild-descriptor-virtimage"),
        ("payload", "Apt", "applbuild-payload-apt"),
    ],
)
def test_the_distribution_of_a_backend_follows_from_its_name(role, name, distribution_name):
    assert distribution_of(role, name) == distribution_name


def test_with_nothing_of_its_role_installed_a_missing_backend_says_so():
    assert "(installed: none)" in refused("x", role="nonsense").message


def test_a_backend_that_two_distributions_offer_is_refused_with_both(offers):
    offers(GOOD, distribution_name="acme-teas")
    offers(GOOD, distribution_name="other-teas", version="2.5")

    error = refused()

    assert error.message.startswith("several distributions offer the descriptor 'acme-tea': ")
    assert "acme-teas 1.0" in error.message
    assert "other-teas 2.5" in error.message
    assert error.hint == "uninstall all but one of them"


def test_a_doubled_name_does_not_hinder_the_other_backends(offers):
    offers(GOOD, name="acme-coffee", distribution_name="a")
    offers(GOOD, name="acme-coffee", distribution_name="b")
    offers(DESCRIBES)

    assert described()


def test_the_list_names_role_name_distribution_and_version(offers):
    offers(GOOD, version="3.1")

    (found,) = (item for item in installed() if item.distribution == "acme-teas")
    assert (found.role, found.name, found.version) == ("descriptor", "acme-tea", "3.1")


def test_the_list_imports_nothing(offers):
    module = offers("raise RuntimeError('imported')")

    assert "acme-tea" in [item.name for item in installed()]
    assert module not in sys.modules


def test_only_the_backend_that_is_named_is_imported(offers):
    module = offers("raise RuntimeError('imported')", name="acme-coffee", distribution_name="b")
    offers(DESCRIBES)

    assert described()
    assert module not in sys.modules


def test_a_backend_installed_meanwhile_is_found_at_once(offers):
    refused()
    offers(DESCRIBES)

    assert described()


# The contract.


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("import no_such_module_at_all\n", "cannot be loaded: No module named"),
        ("def broken(:\n", "cannot be loaded: "),
        ("1 / 0\n", "cannot be loaded: division by zero"),
        (HEAD, "has no applbuild_info"),
        (HEAD + "@hookimpl\ndef applbuild_info():\n    return None\n", "has no applbuild_info"),
        (HEAD + "@hookimpl\ndef applbuild_info():\n    return 'tea'\n", "has no applbuild_info"),
        (GOOD + "@hookimpl\ndef applbuild_descrbe(appliance):\n    pass\n", "breaks the contract"),
        (GOOD + "@hookimpl\ndef applbuild_describe(aplliance):\n    pass\n", "breaks the contract"),
    ],
    ids=["import", "syntax", "crash", "no info", "none", "text", "hook", "argument"],
)
def test_a_backend_that_breaks_the_contract_is_refused_by_name_and_distribution(
    offers, source, complaint
):
    offers(source)

    error = refused()

    assert error.message.startswith(f"descriptor acme-tea of acme-teas 1.0 {complaint}")
    assert error.exit_code == 4


def test_a_misspelt_argument_is_quoted(offers):
    offers(GOOD + "@hookimpl\ndef applbuild_describe(aplliance):\n    pass\n")

    assert "aplliance" in refused().message


def test_a_misspelt_hook_is_quoted(offers):
    offers(GOOD + "@hookimpl\ndef applbuild_descrbe(appliance):\n    pass\n")

    assert "applbuild_descrbe" in refused().message


@pytest.mark.parametrize(
    "bad",
    [
        GOOD + "@hookimpl\ndef applbuild_descrbe(appliance):\n    pass\n",
        GOOD.replace("api=1", "api=99"),
    ],
)
def test_a_refused_backend_stays_refused_and_hinders_no_other(offers, distribution, bad):
    offers(bad)
    distribution("acme-juices", {"applbuild.descriptor": {"acme-juice": "juice"}}, {"juice": GOOD})
    backends = Backends()

    for _ in range(2):
        with pytest.raises(BackendError):
            backends.info("descriptor", "acme-tea")
        assert backends.info("descriptor", "acme-juice").api == 1


def test_an_entry_point_that_names_no_module_is_refused(distribution):
    distribution("acme-teas", {"applbuild.descriptor": {"acme-tea": "no_such_module_at_all"}})

    assert "cannot be loaded" in refused().message


def test_an_entry_point_that_names_nothing_in_its_module_is_refused(offers, distribution):
    module = offers(GOOD, name="acme-coffee")
    distribution("b", {"applbuild.descriptor": {"acme-tea": f"{module}:missing"}})

    assert "cannot be loaded" in refused().message


@pytest.mark.parametrize("api", [0, 2])
def test_a_backend_for_another_contract_is_refused_with_both_versions(offers, api):
    offers(GOOD.replace("api=1", f"api={api}"))

    error = refused()

    assert error.message == (
        f"descriptor acme-tea of acme-teas 1.0 speaks hook API {api}, this applbuild 1"
    )
    assert error.hint == "upgrade the older of the two"


def test_one_module_under_two_names_is_refused(offers, distribution):
    module = offers(DESCRIBES)
    distribution("b", {"applbuild.descriptor": {"acme-coffee": module}})
    backends = Backends()
    backends.info("descriptor", "acme-tea")

    with pytest.raises(BackendError, match="breaks the contract"):
        backends.info("descriptor", "acme-coffee")


def test_a_hook_that_answers_nothing_is_refused(offers):
    offers(GOOD)

    with pytest.raises(BackendError) as caught:
        described()

    assert caught.value.message == (
        "the descriptor backend 'acme-tea' does not implement applbuild_describe"
    )


def test_a_hook_that_may_answer_nothing_can_be_asked(offers):
    offers(GOOD)

    answer = Backends().ask("applbuild_check", "descriptor", "acme-tea", request=REQUEST, host=HOST)
    assert answer is None


def test_an_empty_answer_is_an_answer(offers):
    offers(GOOD + "@hookimpl\ndef applbuild_describe():\n    return ()\n")

    assert described() == ()


def test_only_the_backend_that_is_named_is_called(offers):
    offers(GOOD + "@hookimpl\ndef applbuild_describe():\n    1 / 0\n", "acme-coffee", "b")
    offers(DESCRIBES)
    backends = Backends()
    backends.info("descriptor", "acme-coffee")

    assert described(backends)


def test_a_backend_that_fails_is_named_beside_its_error(offers):
    offers(GOOD + "@hookimpl\ndef applbuild_describe():\n    1 / 0\n")

    with pytest.raises(ZeroDivisionError) as caught:
        described()

    assert caught.value.__notes__ == [
        "in applbuild_describe of descriptor:acme-tea, descriptor acme-tea of acme-teas 1.0"
    ]


def test_an_error_for_the_user_passes_as_it_is(offers):
    offers(GOOD + "@hookimpl\ndef applbuild_describe():\n    raise KickstartError('no milk')\n")

    with pytest.raises(KickstartError, match=re.compile("^no milk$")):
        described()


# Extensions.


WATCHES = (
    HEAD
    + """
seen = []

@hookimpl(wrapper=True)
def applbuild_describe(appliance):
    seen.append(appliance.name)
    documents = yield
    return (*documents, Document(name="signature", content=documents[0].name))
"""
)


def test_an_extension_may_watch_and_wrap_any_call(offers, extended):
    offers(DESCRIBES)
    module = extended(WATCHES)["ex"]

    assert [document.name for document in described()] == ["web.tea", "signature"]
    assert sys.modules[module].seen == ["web"]


def test_an_extension_sees_what_the_backend_answers(offers, extended):
    offers(DESCRIBES)
    extended(WATCHES)

    assert described()[1].content == "web.tea"


def test_an_extension_is_no_backend_of_any_role(offers, extended):
    extended(WATCHES)

    assert "acme" in [item.name for item in installed(("extension",))]
    assert refused("acme").message.startswith("no descriptor named 'acme'")


def test_an_extension_with_a_misspelt_hook_is_refused(extended):
    extended(HEAD + "@hookimpl\ndef applbuild_descrbe():\n    pass\n")

    with pytest.raises(BackendError, match=r"acme of acme-extras 1\.0 breaks the contract"):
        Backends()


def test_an_extension_that_cannot_be_loaded_is_refused(extended):
    extended("import no_such_module_at_all\n")

    with pytest.raises(BackendError, match=r"acme of acme-extras 1\.0 cannot be loaded"):
        Backends()


# Options.


PAINTED = """
import attrs
from typing import Literal
from applbuild import BackendInfo, hookimpl

@attrs.frozen
class Options:
    colour: Literal["red", "blue"] = "red"

@hookimpl
def applbuild_info():
    return BackendInfo(summary="tea", api=1, options=Options)
"""


def test_options_become_the_backends_own_class(offers):
    offers(PAINTED)

    found = Backends().options("descriptor", parse_backend("acme-tea,colour=blue"))

    assert (type(found).__name__, found.colour) == ("Options", "blue")


def test_an_unknown_option_is_refused_with_the_valid_ones(offers):
    offers(PAINTED)

    with pytest.raises(UsageError, match="has no option 'color'; valid are: colour"):
        Backends().options("descriptor", parse_backend("acme-tea,color=blue"))


def test_a_backend_without_options_takes_none(offers):
    offers(GOOD)

    with pytest.raises(UsageError, match="valid are: none"):
        Backends().options("descriptor", parse_backend("acme-tea,colour=blue"))


# Choosing one that nobody named. The role is made up, so that nothing else is installed for it.


@pytest.fixture
def teas(distribution):
    """Installs one distribution with a backend for each claim, in a role of their own."""

    def install(**claims):
        distribution(
            "acme-teas",
            {"applbuild.tea": {name: name for name in claims}},
            {name: claiming(claim) for name, claim in claims.items()},
        )

    return install


def chosen(asked=None):
    return Backends().choose("tea", asked, REQUEST, HOST)


def undecided(asked=None):
    with pytest.raises(BackendError) as caught:
        chosen(asked)
    return caught.value


def test_a_backend_that_was_asked_for_needs_no_claim(teas):
    teas(green="Claim.NONE", black="Claim.ASKED")

    asked = parse_backend("green,leaf=big")
    assert chosen(asked) == asked


def test_a_backend_that_was_asked_for_must_be_there(teas):
    teas(green="Claim.WEAK")

    assert undecided(BackendRequest(name="white")).message.startswith("no tea named 'white'")


def test_the_only_backend_of_a_role_is_taken_whatever_it_claims(teas):
    teas(green="Claim.NONE")

    assert chosen() == BackendRequest(name="green")


@pytest.mark.parametrize(
    ("claims", "winner"),
    [
        ({"green": "Claim.WEAK", "black": "Claim.NONE"}, "green"),
        ({"green": "Claim.WEAK", "black": "Claim.FITS"}, "black"),
        ({"green": "Claim.ASKED", "black": "Claim.FITS", "mint": "Claim.WEAK"}, "green"),
        ({"green": "None", "black": "Claim.WEAK"}, "black"),
        ({"green": "Claim.NONE", "black": "Claim.NONE", "mint": "2"}, "mint"),
    ],
)
def test_the_highest_claim_wins(teas, claims, winner):
    teas(**claims)

    assert chosen().name == winner


def test_two_equal_claims_are_an_error_with_both(teas):
    teas(green="Claim.FITS", black="Claim.FITS", mint="Claim.WEAK")

    error = undecided()

    assert error.message in (
        "the tea backends green, black fit equally well",
        "the tea backends black, green fit equally well",
    )
    assert error.hint == "name one with --tea"


def test_when_none_claims_the_request_all_are_listed(teas):
    teas(green="Claim.NONE", black="None")

    error = undecided()

    assert error.message.startswith("none of the installed tea backends fits this kickstart: ")
    assert {"green", "black"} <= set(re.findall(r"\w+", error.message))


def test_a_role_without_backends_is_an_error_that_says_where_to_look():
    error = undecided()

    assert error.message == "no tea backend is installed"
    assert error.hint == "applbuild plugins lists what is installed"


def test_claims_grow_from_none_to_asked():
    assert Claim.NONE < Claim.WEAK < Claim.FITS < Claim.ASKED


def test_introducing_oneself_needs_a_summary_and_a_contract():
    with pytest.raises(TypeError):
        BackendInfo()
