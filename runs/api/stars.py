"""The caller's own stars: PUT sets one, DELETE takes it away; twice is not an error."""

from collections.abc import Callable

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response

from runs.access import check_own_hand, get_experiment
from runs.actions.stars import set_star
from runs.api import serializers as s
from runs.api.base import Endpoint
from runs.api.experiments import ExperimentEndpoint
from runs.errors import NotFound


class RunStarEndpoint(Endpoint):
    """The caller's star of a run."""

    @extend_schema(request=None, responses=s.StarShape, operation_id="run_star")
    def put(self, request: Request, run_id: str) -> Response:
        """Star it. Readers may: a star is the caller's own."""
        return self._set(run_id, on=True)

    @extend_schema(request=None, responses=s.StarShape, operation_id="run_unstar")
    def delete(self, request: Request, run_id: str) -> Response:
        """Take the star away."""
        return self._set(run_id, on=False)

    def _set(self, run_id: str, *, on: bool) -> Response:
        run = self.run(run_id)
        check_own_hand(self.caller)
        return Response({"starred": set_star(self.caller.user, run=run, on=on)})


class ExperimentStarEndpoint(Endpoint):
    """The caller's star of an experiment. An experiment may itself be called `<name>/star`: it is read here."""

    @extend_schema(request=None, responses=s.StarShape, operation_id="experiment_star")
    def put(self, request: Request, workspace: str, name: str) -> Response:
        """Star it. Readers may: a star is the caller's own."""
        return self._set(workspace, name, on=True)

    @extend_schema(request=None, responses=s.StarShape, operation_id="experiment_unstar")
    def delete(self, request: Request, workspace: str, name: str) -> Response:
        """Take the star away."""
        return self._set(workspace, name, on=False)

    @extend_schema(exclude=True)
    def get(self, request: Request, workspace: str, name: str) -> Response:
        """The experiment `<name>/star`."""
        return self._of_that_name(ExperimentEndpoint.get, workspace, name)

    @extend_schema(exclude=True)
    def patch(self, request: Request, workspace: str, name: str) -> Response:
        """Change the experiment `<name>/star`."""
        return self._of_that_name(ExperimentEndpoint.patch, workspace, name)

    def _set(self, workspace: str, name: str, *, on: bool) -> Response:
        experiment = get_experiment(self.caller, workspace, name)
        check_own_hand(self.caller)
        return Response({"starred": set_star(self.caller.user, experiment=experiment, on=on)})

    def _of_that_name(self, method: Callable[..., Response], workspace: str, name: str) -> Response:
        try:
            return method(self, self.request, workspace, f"{name}/star")
        except NotFound:
            raise MethodNotAllowed(str(self.request.method)) from None
