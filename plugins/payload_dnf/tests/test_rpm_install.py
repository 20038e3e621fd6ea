"""What rpm says while it installs, as far as a person should know it."""

from __future__ import annotations

from applbuild import Ran, Tree
from applbuild.progress import Event, Progress, Remark
from applbuild.testing import examples
from applbuild_payload_dnf.rpm import install


class Rpm(examples.Recorder):
    """A host and a system with an rpm whose transaction goes as it often does."""

    def __call__(self, argv, **about):
        super().__call__(argv, **about)
        return Ran(stdout="N rpm\nP rpm\n", stderr="")

    def guest(self, tree, argv, **about):
        super().guest(tree, argv, **about)
        said = (
            "warning: %post(app-1.0-1.noarch) scriptlet failed, exit status 1\n"
            "warning: /etc/app created as /etc/app.rpmnew\n"
        )
        return Ran(stdout="", stderr=said)


def test_a_scriptlet_that_fails_is_told(tmp_path):
    events: list[Event] = []
    tree = Tree(root=tmp_path, folders=())
    install(
        [tmp_path / "rpm-1-1.noarch.rpm"],
        tree,
        Rpm(),
        Progress(events.append),
        has_docs=True,
        languages=None,
    )
    assert events == [
        Remark("%post(app-1.0-1.noarch) scriptlet failed, exit status 1", is_warning=True)
    ]
