from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from applbuild.errors import KickstartError
from applbuild.model.result import Tree
from applbuild.tree import exists, link, remove, write_file

OUTSIDE = "never to be touched\n"


@pytest.fixture
def world(tmp_path):
    """A folder with a system in it, and a file beside the system that nothing may reach."""
    (tmp_path / "secret").write_text(OUTSIDE, encoding="utf-8")
    (tmp_path / "system" / "etc").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def tree(world):
    return Tree(root=world / "system", folders=())


def at(tree, path):
    """Return the very file of the system that *path* names; links are not followed."""
    return tree.root / path.lstrip("/")


def inside(tree, path):
    return tree.path(path).relative_to(tree.root).as_posix()


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/etc/fstab", "etc/fstab"),
        ("etc/fstab", "etc/fstab"),
        ("//etc///fstab/", "etc/fstab"),
        ("/etc/./fstab", "etc/fstab"),
        ("/etc/../fstab", "fstab"),
        ("/../../../etc", "etc"),
        ("/", "."),
        ("", "."),
        ("/no/such/path", "no/such/path"),
    ],
)
def test_a_path_is_found_below_the_system(tree, path, found):
    assert inside(tree, path) == found


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("/run/x", "run/x"),
        ("../run/x", "run/x"),
        ("../../../../../run/x", "run/x"),
        ("/../../run/x", "run/x"),
        ("x", "etc/x"),
        ("./../etc/x", "etc/x"),
        ("/", "."),
        ("..", "."),
    ],
)
def test_a_link_leads_to_the_systems_own_path(tree, target, found):
    at(tree, "/etc/link").symlink_to(target)

    assert inside(tree, "/etc/link") == found


def test_a_link_to_the_hosts_files_is_not_followed_to_the_host(tree, world):
    at(tree, "/etc/link").symlink_to(world / "secret")

    assert not exists(tree, "/etc/link")


def test_a_link_in_the_middle_of_a_path_stays_inside(tree):
    at(tree, "/bin").symlink_to("usr/bin")
    at(tree, "/usr/bin").mkdir(parents=True)
    at(tree, "/usr/bin/up").symlink_to("../../../../..")

    assert inside(tree, "/bin/up/etc/passwd") == "etc/passwd"


def test_dots_after_a_link_count_from_where_it_leads(tree):
    at(tree, "/srv/a/b").mkdir(parents=True)
    at(tree, "/link").symlink_to("srv/a/b")

    assert inside(tree, "/link/../c") == "srv/a/c"


def test_links_to_links_are_followed(tree):
    at(tree, "/etc/one").symlink_to("two")
    at(tree, "/etc/two").symlink_to("/etc/three")
    at(tree, "/etc/three").touch()

    assert inside(tree, "/etc/one") == "etc/three"
    assert exists(tree, "/etc/one")


@pytest.mark.parametrize(
    "links",
    [
        {"a": "a"},
        {"a": "b", "b": "a"},
        {"a": "/etc/b/x", "b": "/etc/a/y"},
        {"a": "a/a"},
    ],
)
def test_links_that_go_round_in_circles_are_refused(tree, links):
    for name, target in links.items():
        at(tree, f"/etc/{name}").symlink_to(target)

    with pytest.raises(KickstartError, match="/etc/a: too many links"):
        tree.path("/etc/a")


_NAMES = st.sampled_from(["a", "b", "c"])
_TARGETS = st.lists(
    st.sampled_from(["a", "b", "c", "..", ".", "", "/", "secret"]), min_size=1, max_size=6
).map(lambda parts: "/".join(parts) or "/")
_WORLDS = st.lists(
    st.tuples(st.lists(_NAMES, min_size=1, max_size=3).map("/".join), _TARGETS), max_size=6
)


def made_room_for(root, place):
    """Return whether a link can be made at *place*, after making the folders it lies in."""
    folder = root
    for name in place.split("/")[:-1]:
        folder /= name
        if folder.is_symlink():
            return False
        folder.mkdir(exist_ok=True)
    name = root / place
    return not name.is_symlink() and not name.exists()


@settings(max_examples=100)
@given(links=_WORLDS, path=_TARGETS)
def test_no_link_and_no_path_ever_leads_outside(tmp_path_factory, links, path):
    world = tmp_path_factory.mktemp("world").resolve()
    tree = Tree(root=world / "system", folders=())
    tree.root.mkdir()
    for place, target in links:
        # Where an earlier link leads elsewhere, or stands where a folder is wanted, none is made.
        if made_room_for(tree.root, place):
            tree.root.joinpath(place).symlink_to(target)

    try:
        found = tree.path(path)
    except KickstartError:
        return

    assert found.is_relative_to(tree.root)
    assert ".." not in found.parts
    # As the kernel sees it, too: nothing on the way is a link.
    assert not any(step.is_symlink() for step in [found, *found.parents])


def test_a_file_is_written_with_the_folders_it_lies_in(tree):
    write_file(tree, "/etc/a/b", "text\n")

    assert at(tree, "/etc/a/b").read_text(encoding="utf-8") == "text\n"


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755, 0o444])
def test_a_file_has_the_mode_asked_for_whatever_the_umask(tree, mode):
    write_file(tree, "/etc/a", "", mode=mode)

    assert at(tree, "/etc/a").stat().st_mode & 0o7777 == mode


@pytest.mark.parametrize("target", ["../../secret", "../../../../secret", "elsewhere"])
def test_a_file_takes_the_place_of_a_link_and_leaves_its_target_alone(tree, world, target):
    at(tree, "/etc/elsewhere").write_text(OUTSIDE, encoding="utf-8")
    at(tree, "/etc/link").symlink_to(target)

    write_file(tree, "/etc/link", "new\n")

    assert not at(tree, "/etc/link").is_symlink()
    assert at(tree, "/etc/link").read_text(encoding="utf-8") == "new\n"
    assert at(tree, "/etc/elsewhere").read_text(encoding="utf-8") == OUTSIDE
    assert (world / "secret").read_text(encoding="utf-8") == OUTSIDE


def test_a_file_written_through_a_linked_folder_lands_in_the_system(tree, world):
    (world / "folder").mkdir()
    at(tree, "/etc/systemd").symlink_to(world / "folder")

    write_file(tree, "/etc/systemd/unit", "text\n")

    assert list((world / "folder").iterdir()) == []
    assert inside(tree, "/etc/systemd/unit") == (world / "folder/unit").as_posix().lstrip("/")
    assert exists(tree, "/etc/systemd/unit")


def test_a_file_written_anew_shares_nothing_with_a_hard_link_of_the_former(tree):
    at(tree, "/etc/a").write_text("former", encoding="utf-8")
    at(tree, "/etc/b").hardlink_to(at(tree, "/etc/a"))

    write_file(tree, "/etc/a", "new")

    assert at(tree, "/etc/b").read_text(encoding="utf-8") == "former"


def test_a_link_is_made_as_it_is_written(tree):
    at(tree, "/etc/localtime").write_text("former", encoding="utf-8")

    link(tree, "/etc/localtime", "../usr/share/zoneinfo/UTC")

    assert at(tree, "/etc/localtime").readlink() == Path("../usr/share/zoneinfo/UTC")


def test_removing_takes_the_link_and_not_what_it_leads_to(tree, world):
    at(tree, "/etc/link").symlink_to(world / "secret")

    remove(tree, "/etc/link")

    assert not at(tree, "/etc/link").is_symlink()
    assert (world / "secret").read_text(encoding="utf-8") == OUTSIDE


def test_removing_what_is_not_there_is_done_already(tree):
    remove(tree, "/etc/nothing")
    remove(tree, "/no/such/folder/nothing")


def test_removing_below_a_link_that_leads_outside_touches_nothing_there(tree, world):
    at(tree, "/var").symlink_to("..")

    remove(tree, "/var/secret")

    assert (world / "secret").exists()
