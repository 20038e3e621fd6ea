from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from applbuild import __version__
from applbuild.json_form import from_json
from applbuild.model.plan import Plan

KICKSTART = """\
part / --fstype=acmefs --size=10 --grow
bootloader --location=none
"""
BACKENDS = ("--payload", "acme-tree", "--partition", "acme-table")
USUAL = (*BACKENDS, "--format", "acme-copy")


@pytest.fixture
def kickstart(typed):
    """Writes a kickstart, web.ks unless told otherwise, into the folder where commands run."""

    def write(text=KICKSTART, name="web.ks"):
        path = Path(name)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def web(kickstart, acme):
    """A kickstart that the made-up backends can build."""
    return kickstart()


def files(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def here():
    return files(".")


def told(outcome):
    """What is said besides results, a line each."""
    return outcome.err.splitlines()


# Which kickstart.


def test_the_only_kickstart_of_the_folder_is_taken(typed, web):
    outcome = typed("plan", *USUAL, "--json")

    assert outcome.code == 0
    assert json.loads(outcome.out)["kickstart"] == "web.ks"


def test_without_a_kickstart_the_command_says_what_to_type(typed):
    outcome = typed("--format", "raw")

    assert outcome.code == 2
    assert told(outcome) == [
        "applbuild: error: no kickstart is named, and there is no *.ks here",
        "applbuild: hint: applbuild KICKSTART; applbuild --help says more",
    ]


def test_several_kickstarts_are_listed_and_none_is_guessed(typed, kickstart):
    for name in ("web.ks", "db.ks", "mail.ks"):
        kickstart(name=name)

    outcome = typed()

    assert outcome.code == 2
    assert told(outcome)[0] == "applbuild: error: which of these kickstarts? db.ks, mail.ks, web.ks"


def test_kickstarts_of_other_folders_do_not_count(typed, kickstart):
    Path("sub").mkdir()
    kickstart(name="sub/web.ks")
    kickstart(name="web.ks.bak")

    assert "there is no *.ks here" in typed().err


def test_a_kickstart_that_is_named_is_taken_wherever_it_is(typed, web, kickstart):
    Path("sub").mkdir()
    kickstart(name="sub/other.cfg")

    outcome = typed("plan", "sub/other.cfg", *USUAL, "--json")

    assert json.loads(outcome.out)["name"] == "other"


@pytest.mark.parametrize("name", ["missing.ks", "."])
def test_a_kickstart_that_is_no_file_is_a_usage_error(typed, name):
    outcome = typed("build", name)

    assert outcome.code == 2
    assert name in outcome.err


# How it ends.


def test_help_and_version_are_results(typed):
    for words in (["--help"], ["-h"], ["build", "--help"], ["plan", "-h"]):
        outcome = typed(*words)
        assert (outcome.code, outcome.err) == (0, "")
        assert "Usage: applbuild" in outcome.out
    assert typed("--version").out.strip().endswith(__version__)


@pytest.mark.parametrize(
    "words",
    [
        ("--no-such-option",),
        ("build", "a.ks", "b.ks"),
        ("--memory", "5000"),
        ("--memory", "lots"),
        ("--vcpus", "0"),
        ("--firmware", "coreboot"),
        ("--workdir", "nowhere"),
        ("plugins", "--yaml"),
    ],
)
def test_what_cannot_be_typed_ends_in_2_and_builds_nothing(typed, web, words):
    outcome = typed(*words)

    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err
    assert here() == ["web.ks"]


@pytest.mark.parametrize(
    ("disks", "complaint"),
    [
        (["os"], "--disk os: write NAME=SIZE, e.g. --disk os=5000MiB"),
        (["os=5000"], "--disk os=5000: '5000' is not a size; write for example 5000MiB"),
        (["os="], "--disk os=: '' is not a size"),
        (["os=1G", "os=2G"], "--disk os is given twice"),
        (["a/b=1G"], "'a/b' cannot name files"),
        (["=1G"], "'' cannot name files"),
        ([".os=1G"], "'.os' cannot name files"),
    ],
)
def test_a_disk_that_cannot_be_is_refused_as_it_was_typed(typed, web, disks, complaint):
    outcome = typed("plan", *USUAL, *(word for disk in disks for word in ("--disk", disk)))

    assert outcome.code == 2
    assert told(outcome)[0].startswith(f"applbuild: error: {complaint}")


@pytest.mark.parametrize("name", ["a/b", ".", "..", "-x", ".hidden", "a\nb", "a\x1b[2J"])
def test_a_name_that_cannot_name_files_is_refused(typed, web, name):
    outcome = typed("plan", *USUAL, "--name", name)

    assert outcome.code == 2
    assert "cannot name files" in outcome.err
    assert "--name" in told(outcome)[1]
    assert "\x1b" not in outcome.err


def test_an_error_in_the_kickstart_ends_in_3_with_its_line(typed, kickstart, acme):
    kickstart(KICKSTART + "part /srv --fstype=acmefs\n")

    outcome = typed(*USUAL)

    assert outcome.code == 3
    assert told(outcome)[0].startswith("applbuild: error: web.ks:3: the partition /srv has no size")
    assert "--size" in told(outcome)[0]


def test_every_problem_is_told_at_once_each_with_its_line(typed, kickstart, acme):
    kickstart(KICKSTART + "part pv.1 --size=1\n%packages\nfeather\nanvil\n%end\n")

    outcome = typed(*USUAL)

    assert outcome.code == 3
    assert "applbuild: error: web.ks:6: anvil is out of stock (order another)" in told(outcome)
    assert any(line.startswith("applbuild: error: web.ks:3: ") for line in told(outcome))
    assert here() == ["web.ks"]


def test_a_missing_backend_ends_in_4_with_what_brings_it(typed, web):
    outcome = typed(*BACKENDS, "--format", "papyrus")

    assert outcome.code == 4
    assert "no format named 'papyrus' is installed" in outcome.err
    assert (
        told(outcome)[1]
        == "applbuild: hint: install applbuild-format-papyrus, if there is such a distribution"
    )


def test_a_filesystem_without_a_number_of_inodes_says_so(typed, kickstart, acme):
    kickstart(KICKSTART.replace("--grow", "--grow --bytes-per-inode=4096"))

    outcome = typed("check", *USUAL)

    assert outcome.code == 0
    assert "`part / --bytes-per-inode` has no effect with acmefs" in outcome.out


def test_a_build_says_how_many_notes_there_are_and_how_to_see_them(typed, kickstart, acme):
    kickstart(KICKSTART + "cdrom\ntext\n")

    outcome = typed("plan", *USUAL)

    assert outcome.code == 0
    assert "web.ks: 2 notes on what does not apply to an image" in outcome.err
    assert "`applbuild check web.ks` shows them" in outcome.err


def test_a_missing_filesystem_ends_in_4_with_what_brings_it(typed, kickstart, acme):
    kickstart(KICKSTART.replace("acmefs", "reiserfs9"))

    outcome = typed(*USUAL)

    assert outcome.code == 4
    assert "reiserfs9" in outcome.err


def test_a_missing_tool_ends_in_5_with_its_package_before_anything_is_fetched(
    typed, web, tmp_path, monkeypatch
):
    monkeypatch.setenv("ACME_LACKS", "acme-rocket-skates")

    outcome = typed(*USUAL)

    assert outcome.code == 5
    assert told(outcome)[0].startswith("applbuild: error: acme-rocket-skates is missing (package ")
    assert "acme-tools" in told(outcome)[1] or "acme-rpm-tools" in told(outcome)[1]
    assert not list((tmp_path / "cache").rglob("*ed"))
    assert here() == ["web.ks"]


def test_a_broken_pipe_in_a_backend_is_no_success(web):
    done = subprocess.run(
        [sys.executable, "-c", "from applbuild.cli import main; main()", web, *USUAL],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "ACME_BREAKS": "1"},
        capture_output=True,
        check=False,
    )

    assert not Path("web").exists()
    assert done.returncode != 0


def test_errors_are_said_apart_from_results(typed):
    assert typed().out == ""


# With nothing but the core installed: no plugin of this project, none of a third party.


@pytest.fixture
def alone(tmp_path):
    """Types a command where only the core and what it imports are installed."""
    site = tmp_path / "alone"
    site.mkdir()
    for entry in sys.path:
        folder = Path(entry)
        if folder.name == "applbuild" or (folder / "applbuild").is_dir():
            (site / "applbuild").symlink_to(folder / "applbuild")
        elif folder.name == "site-packages":
            for item in folder.iterdir():
                if not item.name.startswith(("applbuild", "_applbuild", "__editable__")):
                    (site / item.name).symlink_to(item)

    def run(*words):
        # -S: neither the files that name further folders nor other packages are looked at.
        command = [sys.executable, "-S", "-c", "from applbuild.cli import main; main()", *words]
        environment = {**os.environ, "PYTHONPATH": str(site), "XDG_CACHE_HOME": str(tmp_path / "c")}
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    return run


def test_the_core_alone_has_no_backends(alone):
    done = alone("plugins", "--json")

    assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_the_core_alone_says_which_distribution_brings_a_format(alone, kickstart):
    kickstart()

    done = alone("build", "web.ks", "--format", "vmdk")

    assert done.returncode == 4
    assert done.stderr == (
        "applbuild: error: no format named 'vmdk' is installed (installed: none)\n"
        "applbuild: hint: install applbuild-format-vmdk, if there is such a distribution\n"
    )


def test_the_core_alone_reads_a_kickstart(alone, kickstart):
    kickstart(KICKSTART + "part pv.1 --size=1\n")

    done = alone("check", "web.ks")

    assert done.returncode == 0
    assert "pv.1" in done.stdout


# Options of backends.


def test_an_unknown_option_of_a_backend_is_refused_with_the_valid_ones(typed, web):
    outcome = typed(*BACKENDS, "--format", "acme-copy,colour=red")

    assert outcome.code == 2
    assert told(outcome) == [
        "applbuild: error: --format acme-copy has no option 'colour'; valid are: paint, layers"
    ]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--format", "acme-copy,paint=green"), "valid values are: red, blue"),
        (("--format", "acme-copy,paint"), "'paint' is not an option"),
        (("--format", "acme-copy,paint=red,paint=red"), "paint is given twice"),
        (("--format", "acme-copy", "--descriptor", "acme-list,a=b"), "valid are: none"),
        (("--format", "acme-copy", "--payload", "acme-tree,a=b"), "acme-tree has no option 'a'"),
        (("--format", "acme-copy", "--partition", "acme-table,a=b"), "acme-table has no option"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_built(typed, web, tmp_path, words, complaint):
    outcome = typed(*BACKENDS, *words)

    assert outcome.code == 2
    assert complaint in outcome.err
    assert here() == ["web.ks"]
    assert not (tmp_path / "cache").exists()


def test_two_formats_that_write_the_same_files_are_refused(typed, web):
    outcome = typed(*USUAL, "--format", "acme-twin")

    assert outcome.code == 2
    assert told(outcome)[0] == (
        "applbuild: error: --format acme-copy and --format acme-twin would write the same "
        "files (.img)"
    )


def test_a_descriptor_of_a_format_that_is_not_made_is_refused(typed, web):
    outcome = typed(*USUAL, "--descriptor", "acme-list,format=vmdk")

    assert outcome.code == 2
    assert "vmdk is not among the formats: acme-copy" in outcome.err


# What is decided.


def planned(typed, *words):
    outcome = typed("plan", *USUAL, "--json", *words)
    assert outcome.code == 0, outcome.err
    return from_json(json.loads(outcome.out), Plan)


def test_a_plan_can_be_read_by_programs_and_read_back(typed, web):
    plan = planned(typed, "--disk", "os=20MiB", "--memory", "2G", "--vcpus", "3", "--name", "shop")

    assert (plan.name, plan.memory_bytes, plan.vcpus) == ("shop", 2 << 30, 3)
    assert [(disk.name, disk.size_bytes) for disk in plan.disks] == [("os", 20 << 20)]


def test_a_plan_can_be_read_by_people(typed, web):
    outcome = typed("plan", *USUAL, "--disk", "os=20MiB")

    assert outcome.code == 0
    assert "no boot loader" in outcome.out
    assert "acme's shelf" in outcome.out


def test_planning_builds_and_fetches_nothing(typed, web, tmp_path):
    planned(typed)

    assert here() == ["web.ks"]
    assert not (tmp_path / "cache/applbuild/acme-tree/fetched").exists()


def test_the_epoch_is_the_softwares_unless_the_environment_gives_one(typed, web, monkeypatch):
    assert planned(typed).epoch_seconds == 1_000_000_000
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1234567890")
    assert planned(typed).epoch_seconds == 1_234_567_890
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "")
    assert planned(typed).epoch_seconds == 1_000_000_000


@pytest.mark.parametrize("text", ["yesterday", "-1", "1.5"])
def test_an_epoch_that_is_no_number_is_refused(typed, web, monkeypatch, text):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", text)

    outcome = typed("plan", *USUAL)

    assert outcome.code == 2
    assert f"SOURCE_DATE_EPOCH={text}" in outcome.err


def test_the_same_words_give_the_same_plan_anywhere(typed, web, kickstart):
    one = planned(typed)
    Path("elsewhere").mkdir()
    os.chdir("elsewhere")
    kickstart()

    assert planned(typed) == one


def test_a_seed_replaces_the_kickstart_for_all_identifiers(typed, web, kickstart):
    one = planned(typed, "--seed", "s")
    kickstart("# a remark\n" + KICKSTART)

    assert planned(typed, "--seed", "s").disks == one.disks
    assert planned(typed).disks != one.disks


def test_a_password_is_in_no_plan(typed, web, kickstart):
    kickstart(KICKSTART + "rootpw hunter2\nuser --name=ann --password=swordfish\n")

    outcome = typed("plan", *USUAL, "--json")

    assert outcome.code == 0
    for secret in ("hunter2", "swordfish", "$6$", "$y$", "$2b$"):
        assert secret not in outcome.out + outcome.err


# What is said of a kickstart, and of what is installed.


def test_checking_says_what_stands_in_the_way_and_ends_well(typed, kickstart, acme):
    kickstart(KICKSTART + "part pv.1 --size=1\n%packages\nanvil\n%end\n")

    outcome = typed("check", *USUAL)

    assert outcome.code == 0
    assert "anvil is out of stock" in outcome.out
    assert "pv.1" in outcome.out


def test_a_check_can_be_read_by_programs(typed, kickstart, acme):
    kickstart(KICKSTART + "%packages\nanvil\n%end\n")

    record = json.loads(typed("check", *USUAL, "--json").out)

    (problem,) = record["problems"]
    assert problem == {
        "severity": "error",
        "file": "web.ks",
        "line": 4,
        "message": "anvil is out of stock",
        "hint": "order another",
    }


def test_checking_runs_fetches_and_writes_nothing(typed, web, tmp_path):
    typed("check", *USUAL)

    assert here() == ["web.ks"]
    assert not (tmp_path / "cache").exists()


def test_the_installed_backends_are_listed_with_their_distribution(typed, acme):
    outcome = typed("plugins")

    row = next(line for line in outcome.out.splitlines() if "acme-copy" in line)
    assert row.split() == ["format", "acme-copy", "acme-backends", "1.0", "a", "copy"]


def test_the_list_of_backends_can_be_read_by_programs(typed, acme):
    rows = json.loads(typed("plugins", "--json").out)

    assert {
        "role": "filesystem",
        "name": "acmefs",
        "distribution": "acme-backends",
        "version": "1.0",
        "summary": "files, one after the other",
    } in rows


def test_a_broken_backend_does_not_hide_the_others(typed, acme, distribution):
    distribution("acme-broken", {"applbuild.format": {"acme-rust": "no_such_module_at_all"}})

    rows = {row["name"]: row["summary"] for row in json.loads(typed("plugins", "--json").out)}

    assert rows["acme-copy"] == "a copy"
    assert rows["acme-rust"].startswith("broken: ")


def test_a_broken_extension_does_not_hide_the_backends(typed, acme, distribution):
    distribution("acme-broken", {"applbuild.extension": {"acme-rust": "no_such_module_at_all"}})

    rows = {row["name"]: row["summary"] for row in json.loads(typed("plugins", "--json").out)}

    assert rows["acme-copy"] == "a copy"
    assert rows["acme-rust"].startswith("broken: ")


def test_names_of_backends_are_completed(typed, acme, monkeypatch):
    monkeypatch.setenv("_APPLBUILD_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "applbuild build --format acme-")
    monkeypatch.setenv("COMP_CWORD", "3")

    assert typed().out.split() == ["plain,acme-copy", "plain,acme-twin"]


@pytest.mark.parametrize("begun", ["", "p"])
def test_commands_and_files_are_completed(typed, monkeypatch, begun):
    monkeypatch.setenv("_APPLBUILD_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", f"applbuild {begun}")
    monkeypatch.setenv("COMP_CWORD", "1")

    offered = typed().out.split()

    assert {"plain,plan", "plain,plugins", f"file,{begun}"} <= set(offered)


def test_completion_imports_no_backend(typed, distribution, monkeypatch):
    distribution("acme-broken", {"applbuild.format": {"acme-rust": "no_such_module_at_all"}})
    monkeypatch.setenv("_APPLBUILD_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "applbuild --format acme-r")
    monkeypatch.setenv("COMP_CWORD", "2")

    assert "plain,acme-rust" in typed().out.split()


# A whole build.


def test_a_build_delivers_images_documents_manifest_and_checksums(typed, web):
    outcome = typed(*USUAL, "--descriptor", "acme-list", "--disk", "os=12MiB", "--output", "out")

    assert outcome.code == 0, outcome.err
    assert files("out") == ["SHA256SUMS", "manifest.json", "web-os.img", "web.txt"]
    assert Path("out/web.txt").read_text(encoding="utf-8") == "web-os.img\n"
    assert here() == ["out", "web.ks"]


def test_what_is_on_the_disk_is_what_the_payload_installed(typed, web):
    typed(*USUAL, "--disk", "os=12MiB")

    image = Path("web/web-os.img").read_bytes()
    assert len(image) == 12 << 20
    assert image[1 << 20 :].startswith(b"ACMEFS ")
    assert b"etc/acme\nroadrunner\n" in image
    assert b"etc/fstab\n" in image


def test_without_an_output_the_folder_is_called_as_the_appliance(typed, web):
    typed(*USUAL, "--name", "shop")

    assert here() == ["shop", "web.ks"]
    assert files("shop") == ["SHA256SUMS", "manifest.json", "shop-sda.img"]


def test_every_disk_is_delivered(typed, kickstart, acme):
    kickstart(KICKSTART + "part /srv --fstype=acmefs --size=5 --ondisk=data\n")

    typed(*USUAL, "--disk", "os=12MiB", "--disk", "data=8MiB")

    sizes = {path.name: path.stat().st_size for path in Path("web").glob("*.img")}
    assert sizes == {"web-os.img": 12 << 20, "web-data.img": 8 << 20}


def test_a_build_ends_with_a_table_of_what_was_built(typed, web):
    outcome = typed(*USUAL, "--disk", "os=12MiB")

    row = next(line for line in outcome.out.splitlines() if "web-os.img" in line)
    assert row.split() == ["web/web-os.img", "os", "acme-copy", "red", "12.0", "MiB", "12.0", "MiB"]
    assert outcome.out.splitlines()[-1] == "web: 0 packages, no boot loader, in web"


def test_a_quiet_build_says_nothing(typed, web):
    outcome = typed(*USUAL, "--progress", "quiet")

    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


def test_programs_follow_a_build_line_by_line_warnings_included(typed, kickstart, acme):
    kickstart(KICKSTART + "%packages\npaint\n%end\n")

    outcome = typed(*USUAL, "--progress", "json")

    events = [json.loads(line) for line in outcome.err.splitlines()]
    (warning,) = (event for event in events if event["event"] == "remark")
    assert warning["message"] == "web.ks:4: paint is out of stock (order another)"
    begun = [event["stage"] for event in events if event["event"] == "begun"]
    done = [event["stage"] for event in events if event["event"] == "done"]
    assert begun == done
    assert {"resolve", "download", "install", "disks", "acme-copy"} <= set(begun)
    assert all(event["seconds"] >= 0 for event in events if event["event"] == "done")


def test_a_build_twice_gives_the_same_files(typed, web):
    typed(*USUAL, "--output", "one")
    typed(*USUAL, "--output", "two")

    def sums(folder):
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in Path(folder).iterdir()
        }

    assert sums("one") == sums("two")


def test_an_earlier_output_is_replaced(typed, web):
    typed(*USUAL, "--disk", "os=12MiB")

    outcome = typed(*USUAL, "--disk", "root=12MiB")

    assert outcome.code == 0
    assert files("web") == ["SHA256SUMS", "manifest.json", "web-root.img"]


def test_a_folder_of_someone_else_is_not_replaced(typed, web, tmp_path):
    Path("web").mkdir()
    Path("web/thesis").touch()

    outcome = typed(*USUAL)

    assert outcome.code == 2
    assert "is no output of applbuild" in outcome.err
    assert files("web") == ["thesis"]


def test_a_foreign_folder_is_refused_before_anything_is_fetched(typed, web, tmp_path):
    Path("web").mkdir()
    Path("web/thesis").touch()

    typed(*USUAL)

    assert not list((tmp_path / "cache").rglob("fetched"))


def test_what_killed_builds_left_can_be_cleaned_up(typed):
    Path(".web.applbuild-staging-000000").mkdir()

    outcome = typed("clean")

    assert outcome.code == 0
    assert outcome.out == f"removed {Path.cwd()}/.web.applbuild-staging-000000\n"
    assert here() == []


def test_cleaning_looks_into_the_folder_that_is_named(typed):
    Path("sub/.web.applbuild-staging-000000").mkdir(parents=True)

    typed("clean")
    assert files("sub") != []
    typed("clean", "sub")
    assert files("sub") == []


def test_cleaning_nothing_is_done_already(typed):
    outcome = typed("clean", "--workdir", ".")

    assert (outcome.code, outcome.out) == (0, "")


def test_kept_packages_go_only_when_asked(typed, web, tmp_path):
    typed(*USUAL)
    cache = tmp_path / "cache/applbuild"

    typed("clean", "--workdir", ".")
    assert cache.is_dir()
    typed("clean", "--workdir", ".", "--packages")
    assert not cache.exists()
