from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

WORDS = (
    *("--payload", "acme-tree", "--partition", "acme-table"),
    *("--disk", "os=12MiB"),
)
DISK = "part / --fstype=acmefs --size=10\nbootloader --disabled\n"


@pytest.fixture
def build(typed, acme):
    """Builds a kickstart given as text, with further words."""

    def build(text, *words):
        Path("web.ks").write_text(text, encoding="utf-8")
        return typed("build", *WORDS, "--format", "acme-copy", "--verbose", *words)

    return build


@pytest.fixture
def plan(typed, acme):
    """Plans a kickstart given as text, with further words."""

    def plan(text, *words):
        Path("web.ks").write_text(text, encoding="utf-8")
        return typed("plan", *WORDS, "--format", "acme-copy", *words)

    return plan


def printed(outcome):
    """What scripts printed."""
    return [line.removeprefix("  ") for line in outcome.err.splitlines() if line[:2] == "  "]


def content(path):
    """What the disk has as the file *path*."""
    image = Path("web/web-os.img").read_bytes()
    _, found, rest = image.partition(f"{path}\n".encode())
    assert found, f"{path} is not there"
    return rest.partition(b"\0")[0].decode()


# %pre.


def test_a_file_that_pre_writes_is_included_wherever_the_line_stands(build, tmp_path):
    part = f"{tmp_path}/part"

    outcome = build(
        f"%include {part}\nbootloader --disabled\n"
        f"%pre\nmkdir -p {tmp_path}\necho 'part / --fstype=acmefs --size=10' > {part}\n%end\n"
    )

    assert outcome.code == 0, outcome.err
    assert content("etc/acme").startswith("roadrunner")
    assert not Path(part).exists()


def test_pre_sees_the_appliances_disks_and_memory_and_nothing_of_the_host(build):
    outcome = build(
        f"{DISK}%pre\nlist-harddrives\ncat /sys/block/*/size\nstat -c %s /dev/vdb\n"
        "cat /proc/cmdline /proc/meminfo\nls /sys\n%end\n",
        *("--disk", "vdb=5MiB", "--memory", "3GiB"),
    )

    assert outcome.code == 0, outcome.err
    assert printed(outcome) == [
        "sda 12.0",
        "vdb 5.0",
        "24576",
        "10240",
        "5242880",
        "",
        "MemTotal:      3145728 kB",
        "block",
    ]


def test_pre_sees_the_kickstarts_files_and_no_others_and_cannot_change_them(build):
    Path("secret").touch()
    Path("part.inc").write_text(DISK, encoding="utf-8")
    here = Path.cwd()

    outcome = build(f"%include part.inc\n%pre\ncd {here}\nls\necho x > part.inc\n%end\n")

    assert printed(outcome)[:2] == ["part.inc", "web.ks"]
    assert "Read-only file system" in outcome.err
    assert Path("part.inc").read_text(encoding="utf-8") == DISK


def test_what_pre_writes_takes_the_place_of_a_file_of_the_host(build):
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        path = f"{folder}/part"
        Path(path).write_text("nonsense of an earlier day\n", encoding="utf-8")

        outcome = build(
            f"%include {path}\nbootloader --disabled\n%pre\nmkdir -p {folder}\n"
            f"echo 'part / --fstype=acmefs --size=10' > {path}\n%end\n"
        )

    assert outcome.code == 0, outcome.err


def test_a_kickstart_with_a_pre_may_be_a_link(typed, acme):
    Path("real").mkdir()
    Path("real/shop.ks").write_text(f"{DISK}%pre\ntrue\n%end\n", encoding="utf-8")
    Path("web.ks").symlink_to("real/shop.ks")

    outcome = typed("plan", *WORDS, "--format", "acme-copy", "--run-pre", "web.ks")

    assert outcome.code == 0, outcome.err


def test_what_pre_leaves_in_tmp_and_its_log_are_there_for_later_scripts(build):
    outcome = build(
        f"{DISK}%pre --log=/tmp/pre.log\necho said\necho kept > /tmp/kept\n%end\n"
        "%post --nochroot\ncat /tmp/pre.log /tmp/kept\n%end\n"
    )

    assert printed(outcome) == ["said", "said", "kept"]


def test_a_pre_that_fails_is_a_warning(build):
    outcome = build(f"{DISK}%pre\necho beep >&2\nexit 3\n%end\n")

    assert outcome.code == 0
    assert "warning: web.ks:3: %pre ended in 3: beep" in outcome.err


def test_a_pre_that_must_not_fail_ends_the_build_where_it_stands(build):
    outcome = build(f"{DISK}%pre --erroronfail\necho beep >&2\nexit 3\n%end\n")

    assert outcome.code == 3
    assert "web.ks:3: %pre ended in 3: beep" in outcome.err
    assert not Path("web").exists()


def test_a_plan_runs_pre_only_when_asked(plan):
    text = f"{DISK}%pre --erroronfail\nexit 3\n%end\n"

    alone, asked = plan(text), plan(text, "--run-pre")

    assert (alone.code, asked.code) == (0, 3)
    assert "warning: web.ks:3: %pre was not run (`plan --run-pre` runs it" in alone.err


def test_a_plan_that_lacks_what_pre_writes_says_how_to_get_it(plan):
    outcome = plan("%pre\necho > /tmp/disk.ks\n%end\n%include /tmp/disk.ks\n")

    assert outcome.code == 3
    assert "web.ks:4: /tmp/disk.ks is for the %pre at web.ks:1 to write" in outcome.err
    assert "plan --run-pre" in outcome.err


def test_a_check_runs_no_pre_and_says_which_include_it_is_to_write(typed, acme):
    text = "%pre\ntouch /tmp/disk.ks\n%end\n%include /tmp/disk.ks\n"
    Path("web.ks").write_text(text, encoding="utf-8")

    outcome = typed("check", *WORDS, "--format", "acme-copy")

    assert outcome.code == 0
    assert "disk.ks is for the %pre at web.ks:1 to write" in outcome.out
    assert "error" not in outcome.out


# %pre-install, and %post --nochroot.


def test_pre_install_runs_before_anything_is_installed(build):
    outcome = build(
        f"{DISK}%pre-install\nls $INSTALL_ROOT\necho beep > /mnt/sysimage/early\n%end\n"
    )

    assert printed(outcome) == []
    assert content("early").startswith("beep")


def test_scripts_outside_find_the_system_by_both_names(build):
    outcome = build(
        f"{DISK}%post --nochroot\necho $INSTALL_ROOT $ANA_INSTALL_PATH\n"
        "cat /mnt/sysimage/etc/acme\n%end\n"
    )

    assert printed(outcome) == ["/mnt/sysimage /mnt/sysimage", "roadrunner"]


def test_a_log_of_the_room_can_be_put_into_the_system(build):
    build(
        f"{DISK}%post --nochroot --log=/mnt/sysimage/root/post.log\n"
        "for i in 1 2 3; do echo out; echo err >&2; done\n%end\n"
    )

    assert content("root/post.log").startswith("out\nerr\n" * 3)


def test_a_log_that_cannot_be_written_is_a_warning(build):
    outcome = build(f"{DISK}%post --nochroot --log=/usr/post.log\ntrue\n%end\n")

    assert outcome.code == 0
    assert "warning: web.ks:3: the log /usr/post.log cannot be written" in outcome.err


def test_the_log_of_a_script_that_fails_is_written(build):
    build(f"{DISK}%post --nochroot --log=/mnt/sysimage/log\necho beep\nexit 3\n%end\n")

    assert content("log").startswith("beep")


@pytest.mark.parametrize("section", ["%pre", "%pre-install", "%post --nochroot"])
def test_scripts_outside_have_no_network_unless_they_may(build, section):
    text = f"{DISK}{section}\nreadlink /proc/self/ns/net\n%end\n"
    host = str(Path("/proc/self/ns/net").readlink())

    (alone,) = printed(build(text))
    (lent,) = printed(build(text, "--script-network"))

    assert alone != host
    assert lent == host


# %onerror.


def test_on_error_runs_when_a_build_fails_and_sees_how_far_it_got(build):
    outcome = build(
        f"{DISK}%post --nochroot --erroronfail\nexit 4\n%end\n"
        "%onerror\necho it broke: $(cat $INSTALL_ROOT/etc/acme)\n%end\n"
    )

    assert outcome.code == 3
    assert "it broke: roadrunner" in outcome.err.splitlines()
    assert "%post --nochroot ended in 4" in outcome.err


def test_on_error_runs_when_a_backend_breaks(build, monkeypatch, capsys):
    monkeypatch.setenv("ACME_BREAKS", "1")

    with pytest.raises(BrokenPipeError):
        build(f"{DISK}%onerror\necho it broke\n%end\n")

    assert "it broke" in capsys.readouterr().err.splitlines()


def test_on_error_that_fails_hides_nothing_of_what_went_wrong(build):
    outcome = build(f"{DISK}%post --nochroot --erroronfail\nexit 4\n%end\n%onerror\nexit 5\n%end\n")

    assert outcome.code == 3
    assert "warning: web.ks:6: %onerror ended in 5" in outcome.err
    assert "%post --nochroot ended in 4" in outcome.err


def test_on_error_does_not_run_when_a_build_is_well(build):
    assert printed(build(f"{DISK}%onerror\necho it broke\n%end\n")) == []
