"""What reading a kickstart gives: the request, and the secrets that travel beside it."""

from __future__ import annotations

from typing import Any

import attrs

from applbuild.model.problem import Place, Problem, Severity
from applbuild.model.request import Request
from applbuild.model.settings import Secrets


@attrs.frozen
class Reading:
    """A kickstart as values."""

    request: Request
    secrets: Secrets = attrs.field(factory=Secrets)
    is_whole: bool = True
    """Whether everything that the kickstart includes was read."""

    def evolve(self, **changes: Any) -> Reading:
        """Return this with *changes* of its request."""
        return attrs.evolve(self, request=attrs.evolve(self.request, **changes))

    def settings(self, **changes: Any) -> Reading:
        """Return this with *changes* of the system's settings."""
        return self.evolve(settings=attrs.evolve(self.request.settings, **changes))

    def problem(
        self, message: str, place: Place, severity: Severity = Severity.ERROR, hint: str = ""
    ) -> Reading:
        """Return this with one more problem."""
        problem = Problem(message=message, severity=severity, place=place, hint=hint)
        return self.evolve(problems=(*self.request.problems, problem))
